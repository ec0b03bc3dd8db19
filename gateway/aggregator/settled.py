"""What the attempts before have settled about a round's updates: what a quorum left out stays left out.

A writer that serves its bytes to some attesters in the last moment divides them, for one attempt: in the next one those
who have the bytes serve the others. With several updates it could divide them in each attempt anew, by one that it
had withheld from all of them before; and so could whoever commits to bytes that some have from another study, and find
`invalid`, while to others they are `unavailable`. Attestations of earlier attempts are the same to every attester, so
what follows from them divides nobody.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection

    from quorate.records.round import ExcludeReason, RoundView

Seat: TypeAlias = tuple[str, str]
"""MSP id and data set."""


def settled(view: RoundView) -> dict[Seat, ExcludeReason]:
    """Return what m attesters left out in one of the attempts before, and why.

    Fewer than m can settle nothing, and m could have made a model final without it. Where they gave different reasons
    it is `unavailable`: it was, to somebody.
    """
    found: dict[Seat, ExcludeReason] = {}
    for attempt in range(1, view.round.attempt):
        given: defaultdict[Seat, list[ExcludeReason]] = defaultdict(list)
        for said in view.attestations:
            if said.attempt == attempt and said.msp in view.round.attesters:
                for left in said.excluded:
                    given[left.msp, left.dataset].append(left.reason)
        found |= {seat: _one_of(reasons) for seat, reasons in given.items() if len(reasons) >= view.round.m}
    return found


def _one_of(reasons: Collection[ExcludeReason]) -> ExcludeReason:
    return "unavailable" if "unavailable" in reasons else "invalid"
