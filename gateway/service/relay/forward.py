"""Passing calls on to the peer and its answers back, as bytes: deadlines, errors and their details included."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

import grpc

from gateway.service.methods import Context, fail
from gateway.service.relay import request
from quorate.errors import DeniedError, QuorateError, TimedOutError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from gateway.service.config import TimeoutsSection
    from gateway.service.failover import PeerChannel
    from gateway.service.relay.guard import Guard
    from gateway.service.relay.request import Asked

GATEWAY: Final = "gateway.Gateway"
DELIVER: Final = "protos.Deliver"
_BLOCKS: Final = ("Deliver", "DeliverFiltered")
_PRIVATE: Final = "DeliverWithPrivateData"
_FIRST_SECONDS: Final = 10.0

Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


@dataclass(frozen=True, slots=True)
class _Unary:
    read: Callable[[bytes], Asked]
    seconds: float


class Relay:
    """`gateway.Gateway` and `protos.Deliver` for the peers of one organisation.

    Parameters
    ----------
    peer
        A channel to whichever of them answers.
    guard
        Decides about every request.
    timeouts
        The longest that each call may take; a caller's own deadline holds where it is shorter.
    """

    def __init__(self, peer: PeerChannel, guard: Guard, timeouts: TimeoutsSection) -> None:
        self._peer = peer
        self._guard = guard
        self._calls: Mapping[str, _Unary] = {
            "Evaluate": _Unary(request.read_evaluate, timeouts.evaluate),
            "Endorse": _Unary(request.read_endorse, timeouts.endorse),
            "Submit": _Unary(request.read_submit, timeouts.submit),
            "CommitStatus": _Unary(request.read_commit_status, timeouts.commit_status),
        }

    def handlers(self) -> tuple[grpc.GenericRpcHandler, grpc.GenericRpcHandler]:
        """Return both services for a server."""
        gateway = {name: self._unary(name, call) for name, call in self._calls.items()}
        gateway["ChaincodeEvents"] = self._events()
        deliver = {name: self._deliver(name) for name in _BLOCKS} | {_PRIVATE: self._no_private_data()}
        return (
            grpc.method_handlers_generic_handler(GATEWAY, gateway),
            grpc.method_handlers_generic_handler(DELIVER, deliver),
        )

    def _unary(self, name: str, call: _Unary) -> Handler:
        forward: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._peer.unary_unary(f"/{GATEWAY}/{name}")

        async def method(data: bytes, context: Context) -> bytes:
            try:
                async with self._guard.call(context, data, call.read):
                    return await forward(data, timeout=_seconds(context, call.seconds))
            except Exception as error:
                await fail(context, error)
                raise

        return grpc.unary_unary_rpc_method_handler(method)

    def _events(self) -> Handler:
        forward: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = self._peer.unary_stream(
            f"/{GATEWAY}/ChaincodeEvents"
        )

        async def method(data: bytes, context: Context) -> AsyncIterator[bytes]:
            try:
                with self._guard.stream(context) as identity:
                    self._guard.check(identity, data, request.read_chaincode_events)
                    await self._peer.choose()
                    call = forward(data, timeout=context.time_remaining())
                    try:
                        async for answer in call:
                            yield answer
                    finally:
                        call.cancel()
            except Exception as error:  # noqa: BLE001 - told to the caller, and logged
                await fail(context, error)

        return grpc.unary_stream_rpc_method_handler(method)

    def _deliver(self, name: str) -> Handler:
        forward: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = self._peer.stream_stream(f"/{DELIVER}/{name}")

        async def method(requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
            try:
                with self._guard.stream(context) as identity:
                    first = await _first(requests)
                    self._guard.check(identity, first, request.read_deliver)
                    await self._peer.choose()
                    call = forward(timeout=context.time_remaining())
                    pump = asyncio.create_task(self._pump(first, requests, call, context))
                    try:
                        async for answer in _answers(call, pump):
                            yield answer
                    finally:
                        call.cancel()
                        pump.cancel()
                        with suppress(asyncio.CancelledError, QuorateError, grpc.aio.AioRpcError):
                            await pump
            except Exception as error:  # noqa: BLE001 - told to the caller, and logged
                await fail(context, error)

        return grpc.stream_stream_rpc_method_handler(method)

    def _no_private_data(self) -> Handler:
        async def method(_requests: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
            try:
                self._guard.enter(context)
                raise DeniedError(
                    "this gateway relays blocks, but no private data: ask for blocks without, or ask the peer itself"
                )
            except QuorateError as error:
                await fail(context, error)
            yield b""  # pragma: no cover  # fail does not return

        return grpc.stream_stream_rpc_method_handler(method)

    async def _pump(
        self,
        first: bytes,
        requests: AsyncIterator[bytes],
        call: grpc.aio.StreamStreamCall[bytes, bytes],
        context: Context,
    ) -> None:
        """Pass requests on as they come, each further one counted as a call; one that is refused ends the stream."""
        try:
            await call.write(first)
            async for data in requests:
                self._guard.check(self._guard.enter(context), data, request.read_deliver)
                await call.write(data)
            await call.done_writing()
        except QuorateError:
            call.cancel()
            raise
        except asyncio.InvalidStateError:
            return  # the peer has ended the call; its answer says why


async def _first(requests: AsyncIterator[bytes]) -> bytes:
    try:
        async with asyncio.timeout(_FIRST_SECONDS):
            async for data in requests:
                return data
    except TimeoutError as error:
        raise TimedOutError(f"no request for blocks came within {_FIRST_SECONDS:g} s", cause=error) from error
    raise UsageError("a stream of blocks begins with a request for them")


async def _answers(call: grpc.aio.StreamStreamCall[bytes, bytes], pump: asyncio.Task[None]) -> AsyncIterator[bytes]:
    try:
        async for answer in call:
            yield answer
    except asyncio.CancelledError:
        # Either the pump has refused a request, which is what the caller is to hear, or the caller has gone.
        if pump.done() and not pump.cancelled() and (refusal := pump.exception()):
            raise refusal from None
        raise


def _seconds(context: Context, most: float) -> float:
    remaining = context.time_remaining()
    return most if remaining is None else min(remaining, most)
