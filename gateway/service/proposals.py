"""How much of what nobody has approved a gateway keeps in mind: anybody may propose any number of studies."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from quorate.identifiers import StudyId
from quorate.records.study import UNAPPROVED

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from quorate.records.study import Study, StudySummary

KEPT_PROPOSALS: Final = 64
"""How many unapproved studies of one proposer: each may have 64 KiB, and a megabyte in memory."""


def beyond(unapproved: Collection[Study]) -> list[Study]:
    """Return which of one proposer's studies are too many: first those that nobody can vote on any more, oldest first.

    Of those that wait for votes the first stay: what they name was fetched, and later ones must not take their place.
    """
    now = max(study.proposed.claimed_time for study in unapproved)

    def place(study: Study) -> tuple[bool, int]:
        proposed = study.proposed.claimed_time
        waits = study.state == "PROPOSED" and study.expires_time > now
        return (False, proposed) if waits else (True, -proposed)

    return sorted(unapproved, key=place)[KEPT_PROPOSALS:]


def worth_reading(listed: Iterable[StudySummary]) -> list[StudyId]:
    """Return the studies that are kept, and of each member's proposals no more than would be."""
    proposals: Counter[tuple[str, str]] = Counter()
    found: list[StudyId] = []
    for summary in listed:
        if summary.state in UNAPPROVED:
            proposals[summary.proposer, summary.state] += 1
            if proposals[summary.proposer, summary.state] > KEPT_PROPOSALS:
                continue
        found.append(StudyId(summary.study))
    return found
