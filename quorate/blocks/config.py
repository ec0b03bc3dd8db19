"""A channel's configuration, read from its configuration block alone: organisations, policies, orderers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError
from quorate.blocks.lifecycle import ENDORSEMENT as LIFECYCLE_ENDORSEMENT
from quorate.blocks.msp import Directory, Msp
from quorate.blocks.policy import is_satisfied, is_satisfied_by, majority_of_members, members_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from quorate.blocks.identity import Identity
    from quorate.blocks.lifecycle import Definition

DEVELOPMENT: Final = "quorate-embedded-development-only"
"""The consortium's name in every configuration that the embedded network makes."""

_ROOT: Final = "Channel"
_IMPLICIT: Final = "_implicit_org_"
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
        envelope = decode(protos.ConfigEnvelope, payload.data, "the configuration")
        config = envelope.config
        self.channel: str = header.channel_id
        self.sequence: int = config.sequence
        self.group = config.channel_group
        """``common.ConfigGroup``: the root of the configuration."""
        self.last_update = envelope.last_update
        """``common.Envelope``: the update that led to it, empty in a first configuration."""
        self.directory = Directory(_msps(self.group))
        self._consenters = _consenters(self.group)
        self._members = _members(self.group)
        self._answers: dict[tuple[bytes, tuple[tuple[str, bytes], ...]], bool] = {}

    @property
    def is_development(self) -> bool:
        """Whether the ledger came from the embedded network, which is for development only."""
        if "Consortium" not in self.group.values:  # asking a map of messages for what it lacks would put it there
            return False
        value = decode(protos.Consortium, self.group.values["Consortium"].value, "the consortium")
        return bool(value.name == DEVELOPMENT)

    @property
    def members(self) -> Collection[str]:
        """The MSP ids of the application's organisations."""
        return self._members.keys()

    def consenter(self, number: int) -> Identity:
        """Return a consenter of a SmartBFT ordering service, who may be in doubt, by the number in its signatures.

        Raises
        ------
        BlockError
            When the configuration has no consenter of that number, or its organisation does not know it.
        """
        if number not in self._consenters:
            raise BlockError(f"the configuration has no consenter {number}")
        return self.directory.perhaps(self._consenters[number])

    def satisfies(self, path: str, identities: Sequence[Identity]) -> bool:
        """Tell whether distinct members satisfy the policy at a path such as ``/Channel/Application/Endorsement``.

        Raises
        ------
        BlockError
            When there is no such policy.
        """
        parts = path.removeprefix(f"/{_ROOT}/").split("/")
        if path.startswith("/") and not path.startswith(f"/{_ROOT}/"):
            raise BlockError(f"{path[:200]!r} is not the path of a policy")
        group = self.group
        for part in parts[:-1]:
            if part not in group.groups:
                raise BlockError(f"the configuration has no group for the policy {path[:200]!r}")
            group = group.groups[part]
        if path == LIFECYCLE_ENDORSEMENT and parts[-1] not in group.policies:
            return is_satisfied_by(majority_of_members(sorted(self._members)), identities)
        return is_satisfied(group, parts[-1], identities)

    def evaluate_parameter(self, parameter: bytes, identities: Sequence[Identity]) -> bool:
        """Tell whether distinct members satisfy a chaincode's validation parameter (``ApplicationPolicy``).

        Raises
        ------
        BlockError
            When it cannot be read, or refers to a policy that there is not.
        """
        policy = decode(protos.ApplicationPolicy, parameter, "the validation parameter")
        kind = policy.WhichOneof("Type")
        if kind == "signature_policy":
            return is_satisfied_by(policy.signature_policy, identities)
        if kind == "channel_config_policy_reference":
            return self.satisfies(policy.channel_config_policy_reference, identities)
        raise BlockError("a chaincode's validation parameter is of an unknown kind")

    def satisfies_parameter(self, parameter: bytes, identities: Sequence[Identity]) -> bool:
        """Tell the same as a peer: nobody satisfies one that cannot be read, or refers to what is not there."""
        question = parameter, tuple(found.who for found in identities)
        if question not in self._answers:  # peers are few and transactions are many
            try:
                self._answers[question] = self.evaluate_parameter(parameter, identities)
            except BlockError:
                self._answers[question] = False
        return self._answers[question]

    def satisfies_envelope(self, policy: bytes, identities: Sequence[Identity]) -> bool:
        """Tell whether distinct members satisfy a key's own policy (``SignaturePolicyEnvelope``)."""
        try:
            return is_satisfied_by(decode(protos.SignaturePolicyEnvelope, policy, "a key's policy"), identities)
        except BlockError:
            return False

    def collection_parameter(self, definition: Definition, collection: str) -> bytes:
        """Return the policy (``ApplicationPolicy``) of a private collection of a chaincode.

        Raises
        ------
        BlockError
            When there is no such collection.
        """
        if not collection.startswith(_IMPLICIT):
            if collection not in definition.collections:
                raise BlockError(f"there is no collection {collection[:80]!r}")
            return definition.collections[collection].parameter
        msp_id = collection.removeprefix(_IMPLICIT)
        if msp_id not in self._members:
            raise BlockError(f"the collection {collection[:80]!r} is of no member")
        name = self._members[msp_id]
        if "Endorsement" in self.group.groups["Application"].groups[name].policies:
            reference = f"/{_ROOT}/Application/{name}/Endorsement"
            policy = protos.ApplicationPolicy(channel_config_policy_reference=reference)
        else:
            policy = protos.ApplicationPolicy(signature_policy=members_of(1, [msp_id]))
        found: bytes = policy.SerializeToString()
        return found

    @property
    def validates_as_v2(self) -> bool:
        """Whether transactions are validated by the rules of Fabric 2.0 and later, the only ones known here."""
        groups = self.group.groups
        names = _capabilities(groups["Application"]) if "Application" in groups else ()
        return any(name.startswith(("V2_", "V3_")) for name in names)


def _capabilities(group: protos.AnyMessage) -> Collection[str]:
    value = group.values["Capabilities"].value if "Capabilities" in group.values else b""
    names: Collection[str] = decode(protos.Capabilities, value, "the capabilities").capabilities
    return names


def _msps(root: protos.AnyMessage) -> list[Msp]:
    found: dict[str, protos.AnyMessage] = {}
    for section in ("Application", "Orderer"):
        groups = root.groups[section].groups if section in root.groups else {}
        for name, group in sorted(groups.items()):
            config = _msp_config(name, group)
            if found.setdefault(config.name, config) != config:
                raise BlockError(f"two organisations with different certificates call themselves {config.name[:80]!r}")
    ed25519 = "V3_0" in _capabilities(root)
    return [Msp(config, ed25519=ed25519) for config in found.values()]


def _msp_config(name: str, group: protos.AnyMessage) -> protos.AnyMessage:
    if "MSP" not in group.values:
        raise BlockError(f"organisation {name!r} has no MSP")
    outer = decode(protos.MSPConfig, group.values["MSP"].value, f"the MSP of {name}")
    if outer.type != _FABRIC_MSP:
        raise BlockError(f"the MSP of {name!r} is of type {outer.type}, and only X.509 is supported")
    return decode(protos.FabricMSPConfig, outer.config, f"the MSP of {name}")


def _members(root: protos.AnyMessage) -> dict[str, str]:
    """Return the names of the application's organisations by MSP id."""
    groups = root.groups["Application"].groups if "Application" in root.groups else {}
    return {_msp_config(name, group).name: name for name, group in sorted(groups.items(), reverse=True)}


def _consenters(root: protos.AnyMessage) -> dict[int, bytes]:
    if "Orderer" not in root.groups or "Orderers" not in root.groups["Orderer"].values:
        return {}
    value = decode(protos.Orderers, root.groups["Orderer"].values["Orderers"].value, "the consenters")
    return {
        consenter.id: protos.SerializedIdentity(mspid=consenter.msp_id, id_bytes=consenter.identity).SerializeToString()
        for consenter in value.consenter_mapping
    }
