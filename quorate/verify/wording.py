"""Numbers and times in sentences."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 round``, ``2 rounds``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def moment(milliseconds: int) -> str:
    """Return a Unix time in milliseconds as UTC; one that is no date, since members may say anything, as it is."""
    try:
        return (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(timespec="milliseconds")
    except OverflowError:
        return f"{milliseconds} ms"
