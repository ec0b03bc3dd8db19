"""A fact as reports show it, and how numbers and times are spelled in one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

_YEAR_10000: Final = 253_402_300_800_000


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a bundle says: what, and its value."""

    what: str
    value: str


def counted(values: Iterable[str]) -> str:
    """Return how often each value occurs, by value; ``none`` when there is none."""
    found = Counter(values)
    return ", ".join(f"{value} {found[value]}" for value in sorted(found)) or "none"


def listed(values: Iterable[str]) -> str:
    """Return values one after the other; ``none`` when there is none."""
    return ", ".join(values) or "none"


def moment(milliseconds: int | None) -> str:
    """Return a claimed time in UTC; as a number where no calendar has it."""
    if milliseconds is None:
        return "none"
    if not 0 <= milliseconds < _YEAR_10000:
        return f"{milliseconds} ms"
    return f"{datetime.fromtimestamp(milliseconds // 1000, UTC):%Y-%m-%d %H:%M:%S}Z"
