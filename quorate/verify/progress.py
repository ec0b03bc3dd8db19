"""Tells whoever waits how far a step has come."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from quorate.verify.report import Step

Progress: TypeAlias = "Callable[[Step, int, int], None]"
"""Called with a step, how much of it is done, and how much there is."""


def no_progress(_step: Step, _done: int, _of: int, /) -> None:
    """Tell nobody."""
