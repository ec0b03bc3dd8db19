"""Questions 13 and 14: who read or exported the trail, and what was reviewed with what outcome."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from sqlalchemy import case, func, select

from gateway.audit.trail.filter import Cursor
from gateway.audit.trail.history import newest
from gateway.audit.trail.questions.answer import Answer, DatedRow, Row, stamps
from gateway.audit.trail.tables import WRITES
from quorate.errors import UsageError
from quorate.records.audit import Anchor, Review

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.audit.trail.store import Trail

READS_ON_A_PAGE: Final = 100


class ReadRow(Row):
    """A read or an export of the trail, or an organisation's newest commitment to its log of them.

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
    """A page of the own log, newest first, then the newest anchor of every organisation.

    Attributes
    ----------
    entries, unanchored
        How many the own log has, and how many of them no anchor covers.
    anchors
        How many the ledger holds; each is an event of the kind ``audit.access_log_anchored``.
    older, newer
        Where the next page to either side begins, for `at`; None when there is none.
    """

    entries: int
    unanchored: int
    anchors: int
    older: str | None
    newer: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadsPage:
    """Some entries of a log, newest first.

    Attributes
    ----------
    total
        How many there are in all.
    """

    rows: tuple[ReadRow, ...] = ()
    older: Cursor | None = None
    newer: Cursor | None = None
    total: int = 0


class Reads(Protocol):
    """The own access log."""

    @property
    def msp(self) -> str:
        """Whose log it is."""
        ...

    def page(self, at: Cursor | None = None, *, limit: int) -> ReadsPage:
        """Return some of its entries, from a place on; what covers them is not known here."""
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


def reads_of_trail(
    trail: Trail,
    *,
    reads: Reads | None = None,
    organisation: str | None = None,
    at: str | None = None,
    limit: int = READS_ON_A_PAGE,
) -> ReadsAnswer:
    """Tell who read or exported the trail, with which filter and at which height, and what the ledger holds of it.

    Raises
    ------
    UsageError
        When `at` is no place in a list.
    """
    anchors = newest(trail, Anchor, "anchor")
    dates = stamps(trail, anchors)
    notes = ["Each organisation logs its own reads; the ledger holds the anchors of all."]
    found, rows, covered = ReadsPage(), [], 0
    if reads is None:
        notes.append("The log itself is kept by the organisation's gateway and is not part of the ledger.")
    elif organisation in {None, reads.msp}:
        found = reads.page(_place(at), limit=limit)
        rows = _with_anchors(trail, reads.msp, found.rows)
        covered = max((one.record.entries for one in anchors if one.record.msp == reads.msp), default=0)
    rows += [_anchor_row(one, dates[one.place]) for one in anchors if organisation in {None, one.record.msp}]
    return ReadsAnswer(
        question="reads",
        height=trail.height,
        rows=tuple(rows),
        notes=tuple(notes),
        entries=found.total,
        unanchored=max(found.total - covered, 0),
        anchors=_count_of_anchors(trail),
        older=found.older.encode() if found.older else None,
        newer=found.newer.encode() if found.newer else None,
    )


def _place(at: str | None) -> Cursor | None:
    try:
        return None if at is None else Cursor.decode(at)
    except ValueError as error:
        raise UsageError(str(error), cause=error) from error


def _with_anchors(trail: Trail, msp: str, rows: Sequence[ReadRow]) -> list[ReadRow]:
    """Return rows, newest first, each with the block whose anchor covers it."""
    if not rows:
        return []
    entries = case((func.json_valid(WRITES.c.value) == 1, func.json_extract(WRITES.c.value, "$.entries")))
    query = (
        select(entries.label("entries"), func.min(WRITES.c.block))
        .where(WRITES.c.kind == "anchor", WRITES.c.key == f"anchor~{msp}", entries >= rows[-1].number)
        .group_by(entries)
        .order_by(entries)
        .limit(len(rows))  # so many distinct ones cover them all, if any do
    )
    with trail.engine.connect() as connection:
        covering = [(int(number), int(block)) for number, block in connection.execute(query)]
    numbers = [number for number, _ in covering]
    found = []
    for row in rows:
        place = bisect_left(numbers, row.number or 0)
        found.append(row.model_copy(update={"anchored": covering[place][1]}) if place < len(covering) else row)
    return found


def _count_of_anchors(trail: Trail) -> int:
    query = select(func.count()).select_from(WRITES).where(WRITES.c.kind == "anchor", WRITES.c.value.is_not(None))
    with trail.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


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
