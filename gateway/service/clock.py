"""The time of day, and waiting for a moment of it."""

from __future__ import annotations

import asyncio
import time
from typing import Final, Protocol

_LONGEST_SLEEP: Final = 30.0


class Clock(Protocol):
    """Unix milliseconds; tests give their own."""

    def __call__(self) -> int:
        """Return the time in Unix milliseconds."""
        ...

    async def sleep_until(self, moment: int) -> None:
        """Return once the clock shows `moment` or later."""
        ...


class SystemClock:
    """The clock of the machine."""

    def __call__(self) -> int:
        """Return the time in Unix milliseconds."""
        return time.time_ns() // 1_000_000

    async def sleep_until(self, moment: int) -> None:
        """Return once the clock shows `moment` or later, also when somebody sets it meanwhile."""
        while (left := (moment - self()) / 1000) > 0:  # noqa: ASYNC110 - time is what is waited for
            await asyncio.sleep(min(left, _LONGEST_SLEEP))
