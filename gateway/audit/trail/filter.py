"""Which events are wanted, and from where on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from gateway.audit.trail.kinds import Severity, require_kind
from quorate.canonical import MAX_INTEGER
from quorate.errors import UsageError
from quorate.records.common import ID_PATTERN, MSP_PATTERN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_Number = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
_Word = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
_Msp = Annotated[str, StringConstraints(pattern=MSP_PATTERN)]
_Kind = Annotated[str, AfterValidator(require_kind)]


class EventFilter(BaseModel):
    """What an event must be like; what is left out does not matter.

    Attributes
    ----------
    organisation
        Who submitted it, or whom it is about.
    kinds
        Any of these: whole kinds (``round.sealed``) or all of a contract (``round``).
    severity
        At least this.
    first_block, last_block
        Both included.
    since, until
        Claimed times, Unix milliseconds: `since` is included, `until` is not.
    text
        Somewhere in transaction id, digest, proposal, review, data set or reason.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    organisation: _Msp | None = None
    study: _Word | None = None
    round: _Number | None = None
    dataset: _Word | None = None
    kinds: tuple[_Kind, ...] = ()
    severity: Severity = Severity.ROUTINE
    first_block: _Number | None = None
    last_block: _Number | None = None
    since: _Number | None = None
    until: _Number | None = None
    transaction: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,64}$")] | None = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _ranges_are_ranges(self) -> Self:
        for low, high, what in (
            (self.first_block, self.last_block, "blocks"),
            (self.since, self.until, "times"),
        ):
            if low is not None and high is not None and low > high:
                raise ValueError(f"the range of {what} ends before it begins")
        if self.round is not None and self.study is None:
            raise ValueError("a round is a study's: name it too")
        return self


def event_filter(asked: Mapping[str, object]) -> EventFilter:
    """Return the filter that plain values describe.

    Raises
    ------
    UsageError
        When a value is not of its form, a kind is none that there is, or a range ends before it begins.
    """
    try:
        return EventFilter.model_validate(asked)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the filter"
        raise UsageError(f"{place}: {first['msg'].removeprefix('Value error, ')}", cause=error) from error


class Cursor(BaseModel):
    """A place between events: pages go on from it, to newer or to older ones.

    Attributes
    ----------
    sequence
        The last event that was seen.
    newer
        Whether to go on towards newer events.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: _Number
    newer: bool = False

    def encode(self) -> str:
        """Return the place as a word for addresses and commands: ``before-17`` or ``after-17``."""
        return f"{'after' if self.newer else 'before'}-{self.sequence}"

    @classmethod
    def decode(cls, text: str) -> Self:
        """Return the place that a word names; `ValueError` when it names none."""
        way, _, number = text.partition("-")
        if way not in {"before", "after"} or not number.isascii() or not number.isdigit():
            raise ValueError(f"{text[:40]!r} is no place in a list of events")
        return cls(sequence=int(number), newer=way == "after")


def neighbours(numbers: Sequence[int], at: Cursor | None, *, more: bool) -> tuple[Cursor | None, Cursor | None]:
    """Return where the pages on a page's older and on its newer side begin, None where there is none.

    Parameters
    ----------
    numbers
        Of what is on the page, newest first.
    at
        Where the page began.
    more
        Whether there is something beyond it, in the direction in which it was looked for.
    """
    if not numbers:
        return None, None
    older, newer = (True, more) if at is not None and at.newer else (more, at is not None)
    return (
        Cursor(sequence=numbers[-1]) if older else None,
        Cursor(sequence=numbers[0], newer=True) if newer else None,
    )
