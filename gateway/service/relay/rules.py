"""Which relayed requests are let through: a pure function. What no line of it allows is denied."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.service.relay.request import Kind
from quorate.errors import DeniedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.service.relay.request import Asked
    from quorate.identifiers import MspId


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What one caller may have relayed: these functions, and whether chaincode events and blocks."""

    functions: frozenset[str]
    events: bool = False
    blocks: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the relay is for: one organisation, one channel, one chaincode, and these functions of it.

    Attributes
    ----------
    functions
        What anybody may call.
    listed
        By the digest of a TLS certificate, the only things that its holder may have relayed.
    unlisted
        Whether holders of other certificates of the organisation may have anything relayed.
    """

    msp: MspId
    channel: str
    chaincode: str
    functions: frozenset[str]
    listed: Mapping[str, Allowed] = field(default_factory=dict)
    unlisted: bool = True

    def check(self, asked: Asked, certificate: str) -> None:
        """Raise `DeniedError`, saying which rule it was, unless the holder of `certificate` may have this relayed."""
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
        self._check_caller(asked, certificate)

    def _check_caller(self, asked: Asked, certificate: str) -> None:
        allowed = self.listed.get(certificate)
        if allowed is None:
            if not self.unlisted:
                raise DeniedError(f"this gateway relays for those that callers lists only, not for {certificate}")
            return
        if not _covers(allowed, asked):
            raise DeniedError(f"callers does not allow {asked.function or asked.kind.value} to {certificate}")


def _covers(allowed: Allowed, asked: Asked) -> bool:
    match asked.kind:
        case Kind.CALL:
            return asked.function in allowed.functions
        case Kind.EVENTS:
            return allowed.events
        case Kind.BLOCKS:
            return allowed.blocks
        case Kind.STATUS:
            return True  # of a transaction that somebody was allowed to submit
