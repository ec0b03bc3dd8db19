"""The peer's places, shared out fairly: whoever waits gets the next free one in turn by identity, not by arrival."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from quorate.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Turns:
    """A bound on what all identities together have open at the peer.

    While a place is free nobody waits. Once none is, an identity that asked a thousand times is one of those who wait,
    as is an identity that asked once: each gets one place in its turn.

    Parameters
    ----------
    places
        How many.
    seconds
        How long to wait for one.
    limit
        The configuration's name for it, told to whoever waited in vain.
    """

    def __init__(self, places: int, *, seconds: float, limit: str) -> None:
        self._places = places
        self._free = places
        self._seconds = seconds
        self._limit = limit
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def take(self, identity: str) -> AsyncIterator[None]:
        """Hold a place; `LimitError` when none came free in time."""
        if self._free:
            self._free -= 1
        else:
            await self._wait(identity)
        try:
            yield
        finally:
            self._give()

    async def _wait(self, identity: str) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(identity, deque()).append(turn)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._give()  # it came just as its receiver gave up
            if isinstance(error, TimeoutError):
                raise self._in_vain() from error
            raise

    def _in_vain(self) -> LimitError:
        return LimitError(
            f"all {self._places} places at the peer were taken for {self._seconds:g} s, as many as {self._limit}"
            " allows: try again later"
        )

    def _give(self) -> None:
        """Pass a place on to the identity whose turn it is; those who gave up are passed over."""
        while self._waiting:
            identity, queue = self._waiting.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._waiting[identity] = queue  # to the end of the line
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
