"""A chaincode definition: what members approve and one of them commits."""

import re
from dataclasses import dataclass, field, fields, replace
from typing import Final, Self

from network.lifecycle.endorsement_policy import endorsement_policy
from quorate.blocks import protos
from quorate.errors import UsageError

_NAME: Final = re.compile(r"[A-Za-z0-9]+([-_][A-Za-z0-9]+)*")
_VERSION: Final = re.compile(r"[A-Za-z0-9_.+-]{1,255}")
_NAME_MAX: Final = 255


@dataclass(frozen=True, kw_only=True)
class Definition:
    """What all members must agree on, byte for byte. Which package serves it is each organisation's own business.

    Attributes
    ----------
    name, version
        The chaincode, and what people call this state of it.
    sequence
        How many definitions of this name there have been with this one: 1, 2, 3 …
    policy
        Who must endorse (``ApplicationPolicy``); `endorsement_policy` makes it.
    collections
        Private data (``CollectionConfigPackage``); `collection_package` makes it.
    init_required
        Whether the chaincode must be initialised before its first call.
    endorsement_plugin, validation_plugin
        Fabric's own unless the peers were built with others.
    """

    name: str
    version: str
    sequence: int
    policy: bytes = field(default=endorsement_policy())
    collections: bytes = b""
    init_required: bool = False
    endorsement_plugin: str = "escc"
    validation_plugin: str = "vscc"

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or len(self.name) > _NAME_MAX:
            raise UsageError(f"{self.name[:100]!r} is no name of a chaincode")
        if not _VERSION.fullmatch(self.version):
            raise UsageError(f"{self.version[:100]!r} is no version of a chaincode")
        if self.sequence < 1:
            raise UsageError(f"a definition's sequence is 1 or more, not {self.sequence}")

    def at(self, sequence: int) -> Self:
        """Return the same with another sequence."""
        return replace(self, sequence=sequence)

    def differences(self, other: "Definition") -> tuple[str, ...]:
        """Return the names of the fields, apart from the sequence, in which another definition differs."""
        compared = [each.name for each in fields(self) if each.name != "sequence"]
        return tuple(name for name in compared if getattr(self, name) != getattr(other, name))

    def arguments(self) -> dict[str, object]:
        """Return the fields that the lifecycle's messages share."""
        shared: dict[str, object] = {
            "name": self.name,
            "version": self.version,
            "sequence": self.sequence,
            "endorsement_plugin": self.endorsement_plugin,
            "validation_plugin": self.validation_plugin,
            "validation_parameter": self.policy,
            "init_required": self.init_required,
        }
        if self.collections:
            shared["collections"] = protos.CollectionConfigPackage.FromString(self.collections)
        return shared

    @classmethod
    def of(cls, name: str, message: protos.AnyMessage) -> Self:
        """Return the definition of this chaincode that a peer's answer holds."""
        return cls(
            name=name,
            version=message.version,
            sequence=message.sequence,
            policy=message.validation_parameter,
            collections=message.collections.SerializeToString(deterministic=True),
            init_required=message.init_required,
            endorsement_plugin=message.endorsement_plugin,
            validation_plugin=message.validation_plugin,
        )
