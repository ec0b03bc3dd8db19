"""A stream of events that outlives broken connections."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Generic, Protocol, Self, TypeVar

import grpc
from grpc import StatusCode
from grpc.aio import AioRpcError

from gateway.fabric import backoff
from gateway.fabric.error_details import gateway_error
from gateway.fabric.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from gateway.fabric.client import GatewayClient, Stream
    from quorate.blocks.protos import AnyMessage

T = TypeVar("T")


class Ended(Exception):  # noqa: N818  # no error: all has come that was asked for
    """The server has sent everything that the request asked for."""


class Feed(Protocol[T]):
    """One kind of stream: how it is opened, what is in its messages, and where it stands."""

    @property
    def resumable(self) -> bool:
        """Whether opening it again would leave nothing out."""
        ...

    async def open(self) -> Stream:
        """Return a new gRPC call that streams from where this feed stands."""
        ...

    def items(self, message: AnyMessage) -> Sequence[T]:
        """Return what is in one message; raise `GatewayError` where it is the server's refusal, `Ended` at the end."""
        ...

    def passed(self, item: T) -> None:
        """Move on: the reader has been given this item."""
        ...


class EventStream(Generic[T]):
    """An asynchronous iterator, and a context manager that closes it.

    A broken connection is opened again, after the last item given out, for as long as `Deadlines.reconnect` says; a
    stream that began at the next block and has given out nothing yet cannot know what it missed, and raises instead.
    A reader that is cancelled while it waits loses nothing. It ends when it or its gateway is closed.

    Raises
    ------
    GatewayError
        From the iteration: the stream was refused, or stayed broken.
    """

    def __init__(self, client: GatewayClient, feed: Feed[T]) -> None:
        self._client = client
        self._feed = feed
        self._ready: deque[T] = deque()
        self._call: Stream | None = None
        self._read: asyncio.Task[AnyMessage] | None = None
        self._closed = False
        self._turn = asyncio.Lock()
        self._failures = 0
        self._broken_since: float | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        async with self._turn:
            while not self._ready:
                if self._closed:
                    raise StopAsyncIteration
                await self._fill()
            item = self._ready.popleft()
            self._feed.passed(item)
            return item

    async def aclose(self) -> None:
        """End the stream. A reader that waits meanwhile gets the end of the iteration."""
        self._closed = True
        self._ready.clear()
        read, self._read = self._read, None
        self._hang_up()
        if read is not None:
            read.cancel()
            await asyncio.wait({read})
            # It may have opened the call before it was cancelled, or failed; nobody asks for that any more.
            self._hang_up()
            if not read.cancelled():
                read.exception()

    async def _fill(self) -> None:
        try:
            message = await self._next_message()
            if message is not None:
                self._ready.extend(self._feed.items(message))
                self._failures, self._broken_since = 0, None
        except Ended:
            self._closed = True
            self._hang_up()
        except AioRpcError as error:
            await self._broken(gateway_error(error))
        except GatewayError as error:
            await self._broken(error)

    async def _next_message(self) -> AnyMessage:
        """Return the next message; None when the stream was closed meanwhile."""
        if self._read is None:
            self._read = asyncio.ensure_future(self._open_and_read())
        read = self._read
        # Not awaited itself: a reader's cancellation would cancel the gRPC call with it, or its opening.
        await asyncio.wait({read})
        self._read = None
        if read.cancelled():
            # By aclose, or by the channel's own end.
            self._closed = True
            self._hang_up()
            return None
        message = read.result()
        if message is grpc.aio.EOF:
            raise GatewayError("the server ended the stream", status=StatusCode.UNAVAILABLE)
        return message

    async def _open_and_read(self) -> AnyMessage:
        if self._call is None:
            self._call = await self._feed.open()
        return await self._call.read()

    async def _broken(self, error: GatewayError) -> None:
        self._hang_up()
        now = asyncio.get_running_loop().time()
        self._broken_since = self._broken_since if self._broken_since is not None else now
        pause = backoff.pause(self._failures)
        self._failures += 1
        in_time = now + pause < self._broken_since + self._client.deadlines.reconnect
        if error.status is not StatusCode.UNAVAILABLE or not self._feed.resumable or not in_time:
            self._closed = True
            raise error
        await asyncio.sleep(pause)

    def _hang_up(self) -> None:
        call, self._call = self._call, None
        if call is not None:
            self._client.hang_up(call)
