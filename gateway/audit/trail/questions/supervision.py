"""Questions 13 and 14: who read or exported the trail, and what was reviewed with what outcome."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from gateway.audit.trail.history import newest, written
from gateway.audit.trail.questions.answer import Answer, DatedRow, Row, stamps
from quorate.records.audit import Anchor, Review

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.audit.trail.store import Trail


class ReadRow(Row):
    """A read or an export of the trail, or an organisation's commitment to its log of them.

    Attributes
    ----------
    number
        In the access log, from 1; None for another organisation's anchor.
    by
        ``command``, ``portal``, ``check``, or ``anchor`` for a commitment on the ledger.
    what, asked
        The question's name, and its filter as canonical JSON.
    height
        How many blocks the trail had.
    anchored
        The block whose anchor covers it; None when none does yet.
    """

    number: int | None
    time: int
    msp: str
    role: str
    certificate: str
    by: str
    what: str
    asked: str
    allowed: bool
    policies: tuple[str, ...]
    height: int
    anchored: int | None


class ReadsAnswer(Answer[ReadRow]):
    """Reads, oldest first, then the anchors of every organisation."""


class Reads(Protocol):
    """The own access log."""

    @property
    def msp(self) -> str:
        """Whose log it is."""
        ...

    def rows(self, anchors: Iterable[tuple[int, int]]) -> Iterable[ReadRow]:
        """Return its entries; `anchors` are (entries, block) of the own anchors on the ledger, ascending."""
        ...


class ReviewRow(DatedRow):
    """A review as it is now, dated when it came to be so.

    Attributes
    ----------
    reviewer
        A keyed pseudonym: only the own organisation can tell who it is.
    note
        Digest of a text that is kept off the ledger.
    """

    msp: str
    review: str
    subject: str
    state: str
    reviewer: str | None
    meaning: str | None
    outcome: str | None
    note: str | None
    opened_time: int
    assigned_time: int | None
    concluded_time: int | None


class ReviewsAnswer(Answer[ReviewRow]):
    """Reviews, by organisation and name."""


def reads_of_trail(trail: Trail, *, reads: Reads | None = None, organisation: str | None = None) -> ReadsAnswer:
    """Tell who read or exported the trail, with which filter and at which height, and what the ledger holds of it."""
    anchors = written(trail, Anchor, "anchor")
    dates = stamps(trail, anchors)
    rows: list[ReadRow] = []
    notes = ["Each organisation logs its own reads; the ledger holds the anchors of all."]
    if reads is None:
        notes.append("The log itself is kept by the organisation's gateway and is not part of the ledger.")
    else:
        rows += reads.rows([(one.record.entries, one.block) for one in anchors if one.record.msp == reads.msp])
    rows += [_anchor_row(found, dates[found.place]) for found in anchors]
    rows = [row for row in rows if organisation in {None, row.msp}]
    return ReadsAnswer(question="reads", height=trail.height, rows=tuple(rows), notes=tuple(notes))


def reviews(
    trail: Trail, *, organisation: str | None = None, state: str | None = None, subject: str | None = None
) -> ReviewsAnswer:
    """Tell which records were reviewed, by which pseudonym, with what outcome."""
    found = [
        version
        for version in newest(trail, Review, "review")
        if organisation in {None, version.record.msp}
        and state in {None, version.record.state}
        and subject in {None, version.record.subject}
    ]
    dates = stamps(trail, found)
    rows = [
        ReviewRow(
            **dates[version.place],
            msp=version.record.msp,
            review=version.record.review,
            subject=version.record.subject,
            state=version.record.state,
            **version.record.findings.model_dump(),
            opened_time=version.record.opened.claimed_time,
            assigned_time=version.record.assigned.claimed_time if version.record.assigned else None,
            concluded_time=version.record.concluded.claimed_time if version.record.concluded else None,
        )
        for version in found
    ]
    return ReviewsAnswer(question="reviews", height=trail.height, rows=tuple(rows))


def _anchor_row(found: Any, date: dict[str, Any]) -> ReadRow:  # noqa: ANN401 - a version of an anchor
    return ReadRow(
        number=None,
        time=date["claimed_time"],
        msp=found.record.msp,
        role=date["role"],
        certificate=found.certificate,
        by="anchor",
        what=f"{found.record.entries} entries",
        asked=found.record.head,
        allowed=True,
        policies=(),
        height=date["block"],
        anchored=date["block"],
    )
