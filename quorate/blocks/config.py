"""A channel's configuration, read from its configuration block alone: organisations, policies, orderers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError
from quorate.blocks.msp import Directory, Msp
from quorate.blocks.policy import is_satisfied, is_satisfied_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.blocks.msp import Identity

DEVELOPMENT: Final = "quorate-embedded-development-only"
"""The consortium's name in every configuration that the embedded network makes."""

_ROOT = "Channel"
_FABRIC_MSP = 0


class ChannelConfig:
    """What is in force from a configuration block on.

    Parameters
    ----------
    entry
        The one entry of the block, an ``Envelope``.

    Raises
    ------
    BlockError
        When it is no configuration, or an organisation in it cannot be read.
    """

    def __init__(self, entry: bytes) -> None:
        payload = decode(protos.Payload, decode(protos.Envelope, entry, "the entry").payload, "the payload")
        header = decode(protos.ChannelHeader, payload.header.channel_header, "the channel header")
        if header.type != protos.HeaderType.CONFIG:
            raise BlockError(f"a configuration is expected, not a transaction of type {header.type}")
        config = decode(protos.ConfigEnvelope, payload.data, "the configuration").config
        self.channel: str = header.channel_id
        self.sequence: int = config.sequence
        self._root = config.channel_group
        self.directory = Directory(_msps(self._root))
        self._consenters = _consenters(self._root)

    @property
    def is_development(self) -> bool:
        """Whether the ledger came from the embedded network, which is for development only."""
        value = decode(protos.Consortium, self._root.values["Consortium"].value, "the consortium")
        return bool(value.name == DEVELOPMENT) if "Consortium" in self._root.values else False

    def consenter(self, number: int) -> Identity:
        """Return a consenter of a SmartBFT ordering service by the number that its signatures carry.

        Raises
        ------
        BlockError
            When the configuration has no consenter of that number, or its organisation does not know it.
        """
        if number not in self._consenters:
            raise BlockError(f"the configuration has no consenter {number}")
        return self.directory.identity(self._consenters[number])

    def satisfies(self, path: str, identities: Sequence[Identity]) -> bool:
        """Tell whether distinct members satisfy the policy at a path such as ``/Channel/Application/Endorsement``.

        Raises
        ------
        BlockError
            When there is no such policy.
        """
        parts = path.split("/")
        if len(parts) < 3 or parts[0] or parts[1] != _ROOT:  # noqa: PLR2004 - nothing, the root, at least a name
            raise BlockError(f"{path[:200]!r} is not the path of a policy")
        group = self._root
        for part in parts[2:-1]:
            if part not in group.groups:
                raise BlockError(f"the configuration has no group for the policy {path[:200]!r}")
            group = group.groups[part]
        return is_satisfied(group, parts[-1], identities)

    def satisfies_parameter(self, parameter: bytes, identities: Sequence[Identity]) -> bool:
        """Tell whether distinct members satisfy a chaincode's validation parameter (``ApplicationPolicy``)."""
        policy = decode(protos.ApplicationPolicy, parameter, "the validation parameter")
        kind = policy.WhichOneof("Type")
        if kind == "signature_policy":
            return is_satisfied_by(policy.signature_policy, identities)
        if kind == "channel_config_policy_reference":
            return self.satisfies(policy.channel_config_policy_reference, identities)
        raise BlockError("a chaincode's validation parameter is of an unknown kind")


def _msps(root: protos.AnyMessage) -> list[Msp]:
    found: dict[str, protos.AnyMessage] = {}
    for section in ("Application", "Orderer"):
        groups = root.groups[section].groups if section in root.groups else {}
        for name, group in sorted(groups.items()):
            config = _msp_config(name, group)
            if found.setdefault(config.name, config) != config:
                raise BlockError(f"two organisations with different certificates call themselves {config.name[:80]!r}")
    return [Msp(config) for config in found.values()]


def _msp_config(name: str, group: protos.AnyMessage) -> protos.AnyMessage:
    if "MSP" not in group.values:
        raise BlockError(f"organisation {name!r} has no MSP")
    outer = decode(protos.MSPConfig, group.values["MSP"].value, f"the MSP of {name}")
    if outer.type != _FABRIC_MSP:
        raise BlockError(f"the MSP of {name!r} is of type {outer.type}, and only X.509 is supported")
    return decode(protos.FabricMSPConfig, outer.config, f"the MSP of {name}")


def _consenters(root: protos.AnyMessage) -> dict[int, bytes]:
    if "Orderer" not in root.groups or "Orderers" not in root.groups["Orderer"].values:
        return {}
    value = decode(protos.Orderers, root.groups["Orderer"].values["Orderers"].value, "the consenters")
    return {
        consenter.id: protos.SerializedIdentity(mspid=consenter.msp_id, id_bytes=consenter.identity).SerializeToString()
        for consenter in value.consenter_mapping
    }
