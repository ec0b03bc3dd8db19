"""From a handler to a gRPC method: who may call it is asked first, and our errors become statuses.

A method that names no audience cannot be written down.
"""

from __future__ import annotations

import logging
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import grpc

from gateway.service.status import details_of, status_of
from quorate.errors import DefectError, DeniedError, QuorateError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from google.protobuf.message import Message

    from gateway.service.callers import Caller, Roots

Context = grpc.aio.ServicerContext[Any, Any]
M = TypeVar("M", bound="Message")
N = TypeVar("N", bound="Message")
Q = TypeVar("Q")

DETAILS_KEY: Final = "grpc-status-details-bin"
"""The one trailer of a peer that is passed on; no other metadata passes in either direction."""

_log = logging.getLogger(__name__)


class Audience(Enum):
    """Who may call a method at all; the method itself may narrow it."""

    OWN = auto()
    MEMBERS = auto()


class Call(Protocol):
    """What a handler may know of its call."""

    @property
    def caller(self) -> Caller:
        """Who calls."""
        ...

    @property
    def context(self) -> Context:
        """The call as gRPC sees it."""
        ...


class _Call:
    def __init__(self, caller: Caller, context: Context) -> None:
        self.caller = caller
        self.context = context


class Door:
    """Lets callers in, method by method.

    Parameters
    ----------
    roots
        Whose certificates are known.
    """

    def __init__(self, roots: Roots) -> None:
        self._roots = roots

    def admit(self, context: Context, audience: Audience) -> Call:
        """Return the call when its caller may make it; `DeniedError` otherwise."""
        caller = self._roots.identify(context.auth_context())
        if audience is Audience.OWN and not caller.own:
            raise DeniedError(
                f"only this gateway's own organisation may call this, not {', '.join(sorted(caller.msps))}"
            )
        return _Call(caller, context)

    def unary(
        self, handle: Callable[[M, Call], Awaitable[N]], request: type[M], audience: Audience
    ) -> grpc.RpcMethodHandler[M, N]:
        """Return a method of one request and one answer."""

        async def method(message: M, context: Context) -> N:
            try:
                return await handle(message, self.admit(context, audience))
            except Exception as error:
                await fail(context, error)
                raise

        return grpc.unary_unary_rpc_method_handler(method, request.FromString, serialize)

    def answers(
        self,
        handle: Callable[[M, Call], AsyncIterator[Q]],
        request: type[M],
        audience: Audience,
        *,
        write: Callable[[Q], bytes],
    ) -> grpc.RpcMethodHandler[M, Q]:
        """Return a method of one request and a stream of answers, which `write` turns into bytes."""

        async def method(message: M, context: Context) -> AsyncIterator[Q]:
            try:
                async for answer in handle(message, self.admit(context, audience)):
                    yield answer
            except Exception as error:  # noqa: BLE001 - told to the caller, and logged
                await fail(context, error)

        return grpc.unary_stream_rpc_method_handler(method, request.FromString, write)

    def requests(
        self,
        handle: Callable[[AsyncIterator[bytes], Call], Awaitable[N]],
        audience: Audience,
    ) -> grpc.RpcMethodHandler[bytes, N]:
        """Return a method of a stream of requests, which come as bytes, and one answer."""

        async def method(messages: AsyncIterator[bytes], context: Context) -> N:
            try:
                return await handle(messages, self.admit(context, audience))
            except Exception as error:
                await fail(context, error)
                raise

        return grpc.stream_unary_rpc_method_handler(method, None, serialize)


async def fail(context: Context, error: Exception) -> None:
    """End a call with the status of what went wrong; does not return.

    Our errors say what they are. A peer's pass as they came, with their details. Anything else is a defect of ours: the
    log has its trace, and the caller learns no more than that.
    """
    match error:
        case QuorateError():
            _log.info("refused a call of %s: %s", context.peer(), details_of(error))
            await context.abort(status_of(error), details_of(error))
        case grpc.aio.AioRpcError():
            trailer = tuple((key, value) for key, value in error.trailing_metadata() or () if key == DETAILS_KEY)
            await context.abort(error.code(), error.details() or "", trailer)
        case _:
            _log.error("a call of %s met a defect", context.peer(), exc_info=error)
            defect = DefectError("the gateway failed in a way it does not know; its log has the trace")
            await context.abort(status_of(defect), details_of(defect))


def serialize(message: Message) -> bytes:
    """Return a message's bytes."""
    return message.SerializeToString()
