"""What one policy text changes of another, in the lines that an engine reads."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def difference(before: str, after: str, *, names: tuple[str, str]) -> Iterator[str]:
    """Yield the lines of a unified diff between two texts.

    Parameters
    ----------
    names
        What the texts are called above it.

    Notes
    -----
    Only a line feed ends a line. What else looks like an end of one may stand in a comment, and what stands behind it
    there would be shown to voters as a policy of its own.
    """
    return difflib.unified_diff(_lines(before), _lines(after), *names, lineterm="")


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []
