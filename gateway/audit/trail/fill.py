"""Fills the trail from a peer's stream of blocks, goes on where it stands, and wakes whoever waits for more."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol

from quorate.errors import QuorateError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gateway.audit.trail.store import Trail
    from gateway.fabric import EventStream
    from quorate.blocks.protos import AnyMessage

_log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
_AHEAD: Final = 64
"""Blocks that may wait to be taken: they are taken together, so that catching up is fast."""


class BlockSource(Protocol):
    """Opens the stream of whole blocks from a number on, each as it is committed."""

    def __call__(self, start: int) -> EventStream[AnyMessage]:
        """Return a new stream."""
        ...


class Filler:
    """Follows one peer.

    Parameters
    ----------
    trail
        What is filled; nothing else writes to it.
    source
        Where blocks come from.

    Attributes
    ----------
    height
        How many blocks have been taken.
    trouble
        Why the stream cannot be followed just now; None while it can.
    """

    def __init__(self, trail: Trail, source: BlockSource) -> None:
        self._trail = trail
        self._source = source
        self._condition = asyncio.Condition()
        self._lock = Lock()
        self._pause = _FIRST_PAUSE
        self.height = trail.height
        self.trouble: str | None = None

    async def run(self) -> None:
        """Follow until cancelled. A peer that cannot be reached is asked again and again."""
        while True:
            try:
                await self._follow()
            except* QuorateError as group:
                self.trouble = str(group.exceptions[0])
                _log.warning("the trail does not follow the ledger: %s", self.trouble)
            await asyncio.sleep(self._pause)
            self._pause = min(self._pause * 2, _LONGEST_PAUSE)

    async def heights(self, after: int | None = None) -> AsyncGenerator[int, None]:
        """Yield the height at once when it is not `after`, then whenever it has grown."""
        while True:
            async with self._condition:
                while self.height == after:
                    await self._condition.wait()
                after = self.height
            yield after

    async def wait_for(self, height: int) -> None:
        """Return once there are so many blocks."""
        async with self._condition:
            await self._condition.wait_for(lambda: self.height >= height)

    async def _follow(self) -> None:
        await self._stands_at(await asyncio.to_thread(self._stand))
        waiting: asyncio.Queue[bytes] = asyncio.Queue(maxsize=_AHEAD)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._read(waiting))
            tasks.create_task(self._write(waiting))

    async def _read(self, waiting: asyncio.Queue[bytes]) -> None:
        async with self._source(self.height) as blocks:
            async for block in blocks:
                await waiting.put(block.SerializeToString())
        raise UnreachableError("the stream of blocks ended")

    async def _write(self, waiting: asyncio.Queue[bytes]) -> None:
        while True:
            batch = [await waiting.get()]
            with suppress(asyncio.QueueEmpty):
                while len(batch) < _AHEAD:
                    batch.append(waiting.get_nowait())
            height = await asyncio.to_thread(self._take, batch)
            self._pause, self.trouble = _FIRST_PAUSE, None
            await self._stands_at(height)

    async def _stands_at(self, height: int) -> None:
        async with self._condition:
            self.height = height
            self._condition.notify_all()

    def _take(self, batch: list[bytes]) -> int:
        with self._lock:
            return self._trail.append(batch)

    def _stand(self) -> int:
        # A thread that was writing when its task was cancelled is waited for.
        with self._lock:
            return self._trail.height
