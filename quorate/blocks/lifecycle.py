"""Which chaincodes are defined, and under which endorsement policy: read from what ``_lifecycle`` wrote."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quorate.blocks.rwset import NamespaceSet

NAMESPACE: Final = "_lifecycle"

_VALIDATION_INFO = re.compile(r"namespaces/fields/([^/]{1,255})/ValidationInfo")
_OWN_POLICY = protos.ApplicationPolicy(
    channel_config_policy_reference="/Channel/Application/LifecycleEndorsement"
).SerializeToString()


class Definitions:
    """The validation parameter of every chaincode, as committed so far."""

    def __init__(self) -> None:
        self._parameters: dict[str, bytes] = {NAMESPACE: _OWN_POLICY}

    def parameter(self, namespace: str) -> bytes:
        """Return the policy (``ApplicationPolicy``) that transactions writing a namespace must satisfy.

        Raises
        ------
        BlockError
            When no definition of that chaincode has been committed.
        """
        if namespace not in self._parameters:
            raise BlockError(f"no definition of chaincode {namespace[:80]!r} has been committed")
        return self._parameters[namespace]

    def apply(self, sets: Iterable[NamespaceSet]) -> None:
        """Take over the definitions that a valid transaction wrote.

        Raises
        ------
        BlockError
            When a definition cannot be decoded.
        """
        for found in sets:
            if found.namespace != NAMESPACE:
                continue
            for write in found.writes:
                if match := _VALIDATION_INFO.fullmatch(write.key):
                    self._write(match[1], write.value)

    def _write(self, chaincode: str, value: bytes | None) -> None:
        if value is None:
            self._parameters.pop(chaincode, None)
            return
        data = decode(protos.StateData, value, f"the definition of {chaincode}")
        info = decode(protos.ChaincodeValidationInfo, data.Bytes, f"the definition of {chaincode}")
        self._parameters[chaincode] = info.validation_parameter
