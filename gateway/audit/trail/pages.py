"""Events by page, newest first: a page costs the same wherever in the trail it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, and_, func, or_, select

from gateway.audit.trail.filter import Cursor, neighbours
from gateway.audit.trail.kinds import Severity, words_of
from gateway.audit.trail.observations import Observation, beside
from gateway.audit.trail.tables import BLOCKS, EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gateway.audit.trail.filter import EventFilter
    from gateway.audit.trail.observations import Observing
    from gateway.audit.trail.store import Trail

MOST_ROWS: Final = 1000
_SEARCHED: Final = ("transaction", "digest", "proposal", "review", "dataset", "reason")


class EventRow(BaseModel):
    """One event as it is listed.

    Attributes
    ----------
    source
        The ledger, always: what a witness observed is no event.
    claimed_time
        Unix milliseconds, as its submitter wrote them.
    observed_time
        When the own gateway first saw the block; None when it did not see it as it came.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Literal["ledger"] = "ledger"
    sequence: int
    block: int
    position: int
    transaction: str
    type: str
    severity: Severity
    actor: str | None
    role: str | None
    certificate: str | None
    claimed_time: int | None
    observed_time: int | None = None
    study: str | None
    round: int | None
    msp: str | None
    dataset: str | None
    digest: str | None
    attempt: int | None
    reason: str | None
    version: int | None
    proposal: str | None
    review: str | None

    @property
    def words(self) -> str:
        """What happened, for people."""
        return words_of(self.type)

    @property
    def place(self) -> tuple[int, int, int]:
        """Where it stands among events and observations."""
        return self.sequence, 0, self.block

    def as_row(self) -> dict[str, Any]:
        """Return it as plain values, with its words."""
        return {**self.model_dump(mode="json"), "words": self.words}


class EventPage(BaseModel):
    """A page of events, newest first.

    Attributes
    ----------
    events
        At most as many as were asked for.
    older, newer
        Where the next page to either side begins; None when there is none.
    height
        How many blocks the trail had.
    observations
        What a witness saw that stands between these events; no page counts them, and none leaves one out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    events: tuple[EventRow, ...]
    older: Cursor | None
    newer: Cursor | None
    height: Annotated[int, Field(ge=0)]
    observations: tuple[Observation, ...] = ()

    @property
    def lines(self) -> list[EventRow | Observation]:
        """Events and observations, newest first: an observation stands above the events of its block."""
        return sorted([*self.events, *self.observations], key=lambda line: line.place, reverse=True)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the lines as plain values, all with the same fields; `source` tells them apart."""
        return [line.as_row() if isinstance(line, EventRow) else line.as_row(_FIELDS) for line in self.lines]


_FIELDS: Final = tuple(EventRow.model_fields)


def page(
    trail: Trail,
    wanted: EventFilter,
    *,
    at: Cursor | None = None,
    limit: int = 50,
    observing: Observing | None = None,
) -> EventPage:
    """Return a page of the events that a filter lets through.

    Parameters
    ----------
    trail
        Where they are.
    wanted
        Which ones.
    at
        Where to go on; at the newest event when None.
    limit
        How many at most, from 1 to `MOST_ROWS`.
    observing
        Whose observations stand between the events, if anybody's.
    """
    if not 1 <= limit <= MOST_ROWS:
        raise ValueError(f"a page has from 1 to {MOST_ROWS} events, not {limit}")
    towards_newer = at is not None and at.newer
    query = select(EVENTS).where(*_conditions(wanted))
    if at is not None:
        query = query.where(EVENTS.c.sequence > at.sequence if at.newer else EVENTS.c.sequence < at.sequence)
    query = query.order_by(EVENTS.c.sequence.asc() if towards_newer else EVENTS.c.sequence.desc()).limit(limit + 1)
    with trail.engine.connect() as connection:
        rows = [dict(row) for row in connection.execute(query).mappings()]
        newest = connection.execute(select(func.max(BLOCKS.c.number))).scalar()
        low, high = _span([row["sequence"] for row in rows], at, limit)
        observed = () if observing is None else observing.observations()
        between = beside(connection, wanted, observed, low=low, high=high)
    seen = trail.observed(row["block"] for row in rows)
    found = [EventRow.model_validate(row | {"observed_time": seen.get(row["block"])}) for row in rows]
    more, events = len(found) > limit, found[:limit]
    if towards_newer:
        events.reverse()
    older, newer = neighbours([event.sequence for event in events], at, more=more)
    return EventPage(
        events=tuple(events),
        older=older,
        newer=newer,
        height=0 if newest is None else int(newest) + 1,
        observations=between,
    )


def _span(numbers: Sequence[int], at: Cursor | None, limit: int) -> tuple[int, int | None]:
    """Return between which events a page's observations stand, so that pages side by side have each of them once.

    Parameters
    ----------
    numbers
        Of the events that were found, in the order they were looked for: one more than the page has, if there is one.
    """
    beyond = numbers[limit] if len(numbers) > limit else None
    if at is None or not at.newer:
        return 0 if beyond is None else numbers[limit - 1], None if at is None else at.sequence
    return (numbers[0], beyond) if numbers else (0, 0)


def _conditions(wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    column = EVENTS.c
    for name in ("study", "round", "dataset"):
        value = getattr(wanted, name)
        if value is not None:
            yield column[name] == value
    if wanted.organisation is not None:
        yield or_(column.actor == wanted.organisation, column.msp == wanted.organisation)
    if wanted.kinds:
        yield or_(*(_of_kind(kind) for kind in wanted.kinds))
    if wanted.severity:
        yield column.severity >= int(wanted.severity)
    if wanted.transaction is not None:
        yield _starts_with(column.transaction, wanted.transaction)
    if wanted.text is not None:
        yield or_(*(column[name].contains(wanted.text, autoescape=True) for name in _SEARCHED))
    yield from _ranges(wanted)


def _ranges(wanted: EventFilter) -> Iterator[ColumnElement[bool]]:
    column = EVENTS.c
    if wanted.first_block is not None:
        yield column.block >= wanted.first_block
    if wanted.last_block is not None:
        yield column.block <= wanted.last_block
    if wanted.since is not None:
        yield column.claimed_time >= wanted.since
    if wanted.until is not None:
        yield column.claimed_time < wanted.until


def _of_kind(kind: str) -> ColumnElement[bool]:
    return EVENTS.c.type == kind if "." in kind else _starts_with(EVENTS.c.type, f"{kind}.")


def _starts_with(column: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    # As a range, which an index can answer.
    return and_(column >= beginning, column < beginning[:-1] + chr(ord(beginning[-1]) + 1))
