"""Ending streams that would otherwise never end, when the gateway stops."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from quorate.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator


class Drain:
    """Knows the streams that are open."""

    def __init__(self) -> None:
        self._streams: set[asyncio.Task[object]] = set()
        self._begun = False

    def begun(self) -> bool:
        """Tell whether the gateway is stopping."""
        return self._begun

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Run a stream in the present task; `UnreachableError` ends it when the gateway stops, or has begun to."""
        task = asyncio.current_task()
        if self.begun() or task is None:
            raise UnreachableError("the gateway is stopping")
        self._streams.add(task)
        try:
            yield
        except asyncio.CancelledError:
            if not self.begun():
                raise
            task.uncancel()
            raise UnreachableError("the gateway is stopping") from None
        finally:
            self._streams.discard(task)

    def begin(self) -> None:
        """End every stream, and refuse new ones."""
        self._begun = True
        for task in self._streams:
            task.cancel()
