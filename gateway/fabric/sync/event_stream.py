"""Events as a plain iterator."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, Self, TypeVar

from grpc import StatusCode

from gateway.fabric.errors import GatewayError
from gateway.fabric.options import seconds_of

if TYPE_CHECKING:
    from types import TracebackType

    from gateway.fabric import event_stream
    from gateway.fabric.sync.background import Background

T = TypeVar("T")


class EventStream(Generic[T]):
    """An iterator, and a context manager that closes it; see `gateway.fabric.EventStream`.

    An interrupted reader (Ctrl-C) has lost nothing: the next one gets what it would have got. Closing it from another
    thread ends the iteration.
    """

    def __init__(self, background: Background, inner: event_stream.EventStream[T]) -> None:
        self._background = background
        self._inner = inner
        self._turn = threading.Lock()
        self._fetching = asyncio.Lock()
        self._fetched: deque[T] = deque()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        return self._next(None)

    def next(self, *, timeout: float) -> T:
        """Return the next item; wait for it so many seconds at most.

        Raises
        ------
        GatewayError
            None came in time (`DEADLINE_EXCEEDED`), and none is lost; or the stream broke for good.
        StopIteration
            The stream was closed.
        """
        return self._next(seconds_of(timeout, "of the next event"))

    def close(self) -> None:
        """End the stream."""
        self._background.run(self._inner.aclose())

    def _next(self, seconds: float | None) -> T:
        with self._turn:
            # Interrupted at any moment, what has come lies in one of the two places.
            self._background.run(self._fetch(seconds))
            if not self._fetched:
                raise StopIteration
            return self._fetched.popleft()

    async def _fetch(self, seconds: float | None) -> None:
        try:
            # One at a time: what one fetches whose reader was interrupted is for the next, which then waits no more.
            async with asyncio.timeout(seconds), self._fetching:
                while not self._fetched:
                    self._fetched.append(await anext(self._inner))
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise GatewayError(
                f"no event came for {seconds:g} s", status=StatusCode.DEADLINE_EXCEEDED, cause=error
            ) from error
