"""One kind of unary call: bounded in number, bounded in time, repeated where that is safe."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from grpc import StatusCode
from grpc.aio import AioRpcError

from gateway.fabric import backoff
from gateway.fabric.call_options import NO_OPTIONS
from gateway.fabric.error_details import gateway_error
from gateway.fabric.errors import GatewayError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from grpc.aio import UnaryUnaryMultiCallable

    from gateway.fabric.call_options import CallOptions

Request = TypeVar("Request")
Response = TypeVar("Response")

_NO_TIME: Final = 0.05


class UnaryCall(Generic[Request, Response]):
    """Calls one method.

    Every method of the gateway that is called through here may be sent again with the same bytes, so a call that
    found no server (UNAVAILABLE) is repeated until its deadline where `repeat` says so.

    Parameters
    ----------
    stub
        The method.
    name
        What people call the step.
    defaults
        How it is called, unless a call says otherwise; they name a time-out.
    queue
        Seconds to wait for a free place.
    places
        Calls in flight at once.
    repeat
        Whether to repeat on UNAVAILABLE.
    require_open
        Raises once the gateway is closed.
    """

    def __init__(
        self,
        stub: UnaryUnaryMultiCallable[Request, Response],
        *,
        name: str,
        defaults: CallOptions,
        queue: float,
        places: int,
        repeat: bool,
        require_open: Callable[[], None],
    ) -> None:
        self._stub = stub
        self._name = name
        self._defaults = defaults
        self._queue = queue
        self._places = places
        self._free = asyncio.Semaphore(places)
        self._turns = asyncio.Semaphore(places)
        self._repeat = repeat
        self._require_open = require_open

    async def __call__(self, request: Request, options: CallOptions = NO_OPTIONS) -> Response:
        """Return the response, or raise `GatewayError`."""
        options = options.over(self._defaults)
        async with self._one_of(self._free):
            self._require_open()
            return await self._until(request, options)

    @property
    def timeout(self) -> float:
        """Seconds that one call may take, repetitions included, unless it says otherwise."""
        return self._defaults.timeout or 0.0

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait before a request is made, so that it is not old by the time there is a place to send it."""
        return self._one_of(self._turns)

    @asynccontextmanager
    async def _one_of(self, places: asyncio.Semaphore) -> AsyncIterator[None]:
        try:
            if places.locked():
                async with asyncio.timeout(self._queue):
                    await places.acquire()
            else:
                await places.acquire()
        except TimeoutError as error:
            raise GatewayError(
                f"{self._name} was not sent: {self._places} such calls were in flight for {self._queue:g} s",
                status=StatusCode.RESOURCE_EXHAUSTED,
                hint="Send fewer at once, or raise the limit if the peer allows it.",
                cause=error,
            ) from error
        try:
            yield
        finally:
            places.release()

    async def _until(self, request: Request, options: CallOptions) -> Response:
        now = asyncio.get_running_loop().time
        deadline = now() + (options.timeout or 0.0)
        arguments = options.arguments()
        for attempt in itertools.count():
            try:
                return await self._stub(request, timeout=max(0.001, deadline - now()), **arguments)
            except AioRpcError as error:
                pause = backoff.pause(attempt)
                last = now() + pause >= deadline
                if error.code() is not StatusCode.UNAVAILABLE or not self._repeat or last:
                    raise _in_time(gateway_error(error), deadline - now(), self._name) from error
            except asyncio.CancelledError:
                if cancelled_by_caller():
                    raise
                raise closed(self._name) from None
            await asyncio.sleep(pause)
        raise AssertionError  # pragma: no cover  # count() does not end


def _in_time(error: GatewayError, left: float, name: str) -> GatewayError:
    """Return the error; a server that sees the deadline pass first calls it a cancellation."""
    if error.status is not StatusCode.CANCELLED or left > _NO_TIME:
        return error
    return GatewayError(
        f"{name} ran into its deadline: {error.message}", status=StatusCode.DEADLINE_EXCEEDED, details=error.details
    )


def cancelled_by_caller() -> bool:
    """Whether this task is being cancelled; gRPC also cancels the calls of a channel that is closed."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def closed(what: str) -> GatewayError:
    """Return the error of a call that the end of its own connection has cut off."""
    return GatewayError(f"{what} was cut off: the connection was closed", status=StatusCode.CANCELLED)
