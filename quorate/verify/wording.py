"""Numbers in sentences."""

from __future__ import annotations


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 round``, ``2 rounds``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
