"""Facts of supervision: reviews, and commitments to access logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.compliance.facts.fact import Fact, counted, moment
from gateway.audit.trail.history import written
from gateway.audit.trail.questions.supervision import reviews as reviews_of
from quorate.records.audit import Anchor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.audit.compliance.evidence import Evidence


def reviews(evidence: Evidence) -> Iterator[Fact]:
    """Yield every review: subject, pseudonym, meaning, outcome, claimed time."""
    found = reviews_of(evidence.trail).rows
    yield Fact("reviews", counted(row.state for row in found))
    for row in found:
        words = f"of {row.subject}: {row.state}"
        if row.state == "CONCLUDED":
            words += (
                f" {moment(row.concluded_time)} (claimed), {row.meaning}, {row.outcome}, by pseudonym {row.reviewer}"
            )
        yield Fact(f"review {row.msp}/{row.review}", words)


def anchors(evidence: Evidence) -> Iterator[Fact]:
    """Yield for every member how far its access log is anchored."""
    found = written(evidence.trail, Anchor, "anchor")
    yield Fact("anchors of access logs", str(len(found)))
    for last in {version.record.msp: version for version in found}.values():
        words = f"{last.record.entries} entries, head {last.record.head}, block {last.block}"
        yield Fact(f"access log of {last.record.msp}", words)
