"""What a witness has observed of members' ledgers: beside the events, never among them, since no block says it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from gateway.audit.trail.kinds import DIVERGED, Severity, words_of
from gateway.audit.trail.tables import EVENTS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from gateway.audit.trail.filter import EventFilter

_NARROWER: Final = ("study", "round", "dataset", "transaction")
"""What only events are about."""


class Observation(BaseModel):
    """A member's ledger differs from the own one.

    Attributes
    ----------
    msp
        Whose ledger differs.
    block
        The first height at which it does, or one of them.
    what
        How, for people.
    observed_time
        When it was found, Unix milliseconds by the own clock; None in a bundle, which does not say.
    after
        The number of the event above which it stands: the last one up to that block.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Literal["witness"] = "witness"
    type: Literal["witness.diverged"] = DIVERGED
    severity: Severity = Severity.ATTENTION
    msp: str
    block: int
    what: str
    observed_time: int | None = None
    after: Annotated[int, Field(ge=0)] = 0

    @property
    def words(self) -> str:
        """What happened, for people."""
        return words_of(self.type)

    @property
    def place(self) -> tuple[int, int, int]:
        """Where it stands among events."""
        return self.after, 1, self.block

    def as_row(self, fields: Iterable[str]) -> dict[str, Any]:
        """Return it with the fields of an event; what only events have is None."""
        own = {
            "source": self.source,
            "type": self.type,
            "severity": int(self.severity),
            "block": self.block,
            "msp": self.msp,
            "reason": self.what,
            "observed_time": self.observed_time,
            "words": self.words,
        }
        return dict.fromkeys(fields) | own


class Observing(Protocol):
    """A witness."""

    def observations(self) -> Iterable[Observation]:
        """Return what it has observed; where each stands is not known there."""
        ...


class News:
    """What a witness has observed since it was last asked.

    Parameters
    ----------
    observing
        The witness; nothing is ever new without one.
    """

    def __init__(self, observing: Observing | None) -> None:
        self._observing = observing
        self._known: set[tuple[str, int]] = set()

    def take(self) -> list[Observation]:
        """Return what is new, each observation once."""
        if self._observing is None:
            return []
        found = {(one.msp, one.block): one for one in self._observing.observations()}
        new = [one for key, one in found.items() if key not in self._known]
        self._known.update(found)
        return new


def beside(
    connection: Connection, wanted: EventFilter, observed: Iterable[Observation], *, low: int, high: int | None
) -> tuple[Observation, ...]:
    """Return the observations that a filter lets through, which stand between two events; newest first.

    Parameters
    ----------
    connection
        To the trail.
    low, high
        Numbers of events: above the first or a later one, and below the second.
    """
    placed = (one.model_copy(update={"after": _after(connection, one.block)}) for one in observed if _lets(wanted, one))
    found = [one for one in placed if low <= one.after and (high is None or one.after < high)]
    return tuple(sorted(found, key=lambda one: (one.place, one.msp), reverse=True))


def _after(connection: Connection, block: int) -> int:
    place = (EVENTS.c.block.desc(), EVENTS.c.sequence.desc())
    return connection.execute(select(EVENTS.c.sequence).where(EVENTS.c.block <= block).order_by(*place)).scalar() or 0


def _lets(wanted: EventFilter, one: Observation) -> bool:
    if any(getattr(wanted, name) is not None for name in _NARROWER):
        return False
    if wanted.organisation not in {None, one.msp}:
        return False
    if wanted.kinds and not {one.type, one.type.partition(".")[0]} & set(wanted.kinds):
        return False
    if wanted.text is not None and wanted.text.lower() not in f"{one.msp} {one.what}".lower():
        return False
    return _is_within(one.block, wanted.first_block, wanted.last_block) and _is_within(
        one.observed_time, wanted.since, None if wanted.until is None else wanted.until - 1
    )


def _is_within(value: int | None, first: int | None, last: int | None) -> bool:
    if value is None:
        return first is None and last is None
    return (first is None or value >= first) and (last is None or value <= last)
