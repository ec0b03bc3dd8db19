"""Which chaincodes are defined, and under which endorsement policies: read from what ``_lifecycle`` wrote."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quorate.blocks.rwset import NamespaceSet

NAMESPACE: Final = "_lifecycle"
ENDORSEMENT: Final = "/Channel/Application/LifecycleEndorsement"

_KEY = re.compile(r"namespaces/(?:metadata/([^/]{1,255})|fields/([^/]{1,255})/(ValidationInfo|Collections))")
_TYPE = "ChaincodeDefinition"
_OWN_POLICY = protos.ApplicationPolicy(channel_config_policy_reference=ENDORSEMENT).SerializeToString()


@dataclass(frozen=True, slots=True)
class Collection:
    """A private collection: its own endorsement policy, empty when it has none, and for how many blocks keys live."""

    parameter: bytes
    block_to_live: int


@dataclass(frozen=True, slots=True)
class Definition:
    """What transactions of a chaincode are validated by; `parameter` is an ``ApplicationPolicy``."""

    plugin: str
    parameter: bytes
    collections: Mapping[str, Collection]


_OWN = Definition("vscc", _OWN_POLICY, {})


class Definitions:
    """The definition of every chaincode, as committed so far."""

    def __init__(self) -> None:
        self._written: dict[tuple[str, str], bytes] = {}
        self._read: dict[str, Definition | None] = {NAMESPACE: _OWN}

    def get(self, namespace: str) -> Definition | None:
        """Return the definition of a chaincode, None when none is committed.

        Raises
        ------
        BlockError
            When it cannot be decoded.
        """
        if namespace not in self._read:
            self._read[namespace] = self._decode(namespace)
        return self._read[namespace]

    def parameter(self, namespace: str) -> bytes:
        """Return the policy (``ApplicationPolicy``) that transactions writing a namespace must satisfy.

        Raises
        ------
        BlockError
            When no definition of that chaincode has been committed.
        """
        found = self.get(namespace)
        if found is None:
            raise BlockError(f"no definition of chaincode {namespace[:80]!r} has been committed")
        return found.parameter

    def apply(self, sets: Iterable[NamespaceSet]) -> None:
        """Take over the definitions that a valid transaction wrote; what it did not write stays as it was."""
        for found in sets:
            if found.namespace != NAMESPACE:
                continue
            for write in found.writes:
                if match := _KEY.fullmatch(write.key):
                    self._write(match[1] or match[2], match[3] or "", write.value)

    def _write(self, chaincode: str, field: str, value: bytes | None) -> None:
        if value is None:
            self._written.pop((chaincode, field), None)
        else:
            self._written[chaincode, field] = value
        self._read.pop(chaincode, None)
        self._read[NAMESPACE] = _OWN

    def _decode(self, chaincode: str) -> Definition | None:
        what = f"the definition of {chaincode[:80]}"
        metadata = self._written.get((chaincode, ""))
        if metadata is None:
            return None
        if decode(protos.StateMetadata, metadata, what).datatype != _TYPE:
            raise BlockError(f"{what} is of another kind")
        info = decode(protos.ChaincodeValidationInfo, self._field(chaincode, "ValidationInfo"), what)
        package = decode(protos.CollectionConfigPackage, self._field(chaincode, "Collections"), what)
        return Definition(
            info.validation_plugin, info.validation_parameter, _collections(package, info.validation_parameter)
        )

    def _field(self, chaincode: str, field: str) -> bytes:
        value = self._written.get((chaincode, field), b"")
        found: bytes = decode(protos.StateData, value, f"the definition of {chaincode[:80]}").Bytes
        return found


def _collections(package: protos.AnyMessage, default: bytes) -> dict[str, Collection]:
    found: dict[str, Collection] = {}
    for config in package.config:
        static = config.static_collection_config
        own = static.endorsement_policy.SerializeToString() if static.HasField("endorsement_policy") else default
        found.setdefault(static.name, Collection(own, static.block_to_live))
    return found
