"""What an answer is: rows of one kind, the height that they hold for, and what they do not say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.audit.trail.history import Written
    from gateway.audit.trail.store import Trail


class Row(BaseModel):
    """One line of an answer; numbers too large for every program are decimal strings."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class DatedRow(Row):
    """A line about something that happened.

    Attributes
    ----------
    by, role
        The organisation that submitted it, and in which role.
    claimed_time
        Unix milliseconds, as the submitter wrote them.
    observed_time
        When the own gateway first saw the block; None when it did not see it as it came.
    """

    block: int
    transaction: str
    by: str
    role: str
    claimed_time: int
    observed_time: int | None = None


R = TypeVar("R", bound=Row)


class Answer(BaseModel, Generic[R]):
    """An answer.

    Attributes
    ----------
    question
        Its name.
    height
        How many blocks the trail had.
    rows
        The answer itself.
    notes
        What must be known to read it rightly.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: str
    height: int
    rows: tuple[R, ...]
    notes: tuple[str, ...] = ()

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the rows as plain values, for tables, CSV and JSON Lines."""
        return [row.model_dump(mode="json") for row in self.rows]

    def as_json(self) -> dict[str, Any]:
        """Return the whole answer as plain values."""
        return {"schema": "quorate.answer/1", **self.model_dump(mode="json")}


def stamps(trail: Trail, found: Iterable[Written[Any]]) -> Mapping[tuple[int, int], dict[str, Any]]:
    """Return the columns of `DatedRow` by the place of each version."""
    versions = list(found)
    seen = trail.observed(version.block for version in versions)
    return {
        version.place: {
            "block": version.block,
            "transaction": version.transaction,
            "by": version.msp,
            "role": version.role,
            "claimed_time": version.claimed_time,
            "observed_time": seen.get(version.block),
        }
        for version in versions
    }
