"""Charters as people read them in a table: what the members have agreed to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.ledger.commands.views import said
from quorate.verify.replay.count import needed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quorate.records.consortium import Charter, Confirmation, Founding

_UNITS: Final = (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000))


def charter_summary(charter: Charter) -> dict[str, object]:
    """Return the rules of the charter in force, and how it came to be."""
    amended = charter.amended
    last = None if amended is None else f"number {amended.number}, {amended.proposal}, {said(amended.stamp)}"
    return {
        **_rules(charter),
        "proposer": charter.proposer,
        "in force": said(charter.activated),
        "version": charter.version,
        "last change": last,
    }


def founding_summary(founding: Founding, confirmations: Iterable[Confirmation]) -> dict[str, object]:
    """Return the rules of a proposed charter, and who has confirmed it as it is."""
    confirmed = [
        each.msp
        for each in confirmations
        if (each.proposer, each.charter_digest) == (founding.proposer, founding.charter_digest)
    ]
    return {
        **_rules(founding),
        "proposer": founding.proposer,
        "proposed": said(founding.proposed),
        "confirmed by": confirmed,
    }


def _rules(charter: Charter | Founding) -> dict[str, object]:
    voters = len(charter.members)
    decides = {
        f"{what} are decided by": f"{rule}, {needed(rule, voters)} of {voters} members"
        for what, rule in charter.quorum.model_dump().items()
    }
    return {
        "title": charter.title,
        "digest": charter.charter_digest,
        **decides,
        "votes are open for": _duration(charter.voting_period_ms),
        "clocks may be off by": _duration(charter.clock_skew_ms),
    }


def _duration(milliseconds: int) -> str:
    for unit, size in _UNITS:
        if milliseconds % size == 0 and milliseconds > size:
            return f"{milliseconds // size} {unit}"
    return f"{milliseconds / 1000:g} s"
