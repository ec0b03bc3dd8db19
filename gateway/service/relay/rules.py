"""Which relayed requests are let through: a pure function. What no line of it allows is denied."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quorate.errors import DeniedError

if TYPE_CHECKING:
    from gateway.service.relay.request import Asked
    from quorate.identifiers import MspId


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the relay is for: one organisation, one channel, one chaincode, and these functions of it."""

    msp: MspId
    channel: str
    chaincode: str
    functions: frozenset[str]

    def check(self, asked: Asked) -> None:
        """Raise `DeniedError`, saying which rule it was, unless the request may pass."""
        if asked.creator != self.msp:
            raise DeniedError(f"this gateway relays for {self.msp} only, not for {asked.creator[:80]!r}")
        if asked.channel != self.channel:
            raise DeniedError(f"this gateway relays to channel {self.channel} only, not to {asked.channel[:80]!r}")
        if asked.chaincode is not None and asked.chaincode != self.chaincode:
            raise DeniedError(
                f"this gateway relays to chaincode {self.chaincode} only, not to {asked.chaincode[:80]!r}"
            )
        if asked.function is not None and asked.function not in self.functions:
            raise DeniedError(
                f"this gateway does not relay the function {asked.function[:80]!r}: limits.functions does not name it"
            )
