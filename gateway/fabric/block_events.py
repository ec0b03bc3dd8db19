"""Blocks, as they are committed or from the past."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import grpc
from grpc import StatusCode
from grpc.aio import AioRpcError

from gateway.fabric.call import cancelled_by_caller, closed
from gateway.fabric.error_details import gateway_error
from gateway.fabric.errors import GatewayError
from gateway.fabric.position import Position, block_of
from quorate.blocks import protos

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gateway.fabric.client import GatewayClient, Stream
    from gateway.fabric.seek import Seeker

_FOR_EVER: Final = 2**64 - 1
_STATUS: Final = {
    protos.Status.BAD_REQUEST: StatusCode.INVALID_ARGUMENT,
    protos.Status.FORBIDDEN: StatusCode.PERMISSION_DENIED,
    protos.Status.NOT_FOUND: StatusCode.NOT_FOUND,
    protos.Status.SERVICE_UNAVAILABLE: StatusCode.UNAVAILABLE,
}


class _DeliverFeed:
    """Blocks from a position on, each once it exists."""

    _method = "Deliver"
    _field = "block"

    def __init__(self, client: GatewayClient, seeker: Seeker, position: Position) -> None:
        self._client = client
        self._seeker = seeker
        self._position = position

    @property
    def resumable(self) -> bool:
        return self._position.known

    async def open(self) -> Stream:
        stop = Position(_FOR_EVER).seek()
        return await _ask(self._client, self._method, self._seeker.envelope(self._position.seek(), stop, wait=True))

    def items(self, message: protos.AnyMessage) -> list[protos.AnyMessage]:
        if message.WhichOneof("Type") != self._field:
            raise _refused(message.status)
        block = getattr(message, self._field)
        _in_order(self._number(block), self._position.block_number)
        return [block]

    def passed(self, item: protos.AnyMessage) -> None:
        self._position = Position(self._number(item) + 1)

    def _number(self, block: protos.AnyMessage) -> int:
        number: int = block.header.number
        return number


class BlockFeed(_DeliverFeed):
    """Whole blocks (``common.Block``)."""


class FilteredBlockFeed(_DeliverFeed):
    """Blocks without payloads (``protos.FilteredBlock``)."""

    _method = "DeliverFiltered"
    _field = "filtered_block"

    def _number(self, block: protos.AnyMessage) -> int:
        number: int = block.number
        return number


async def read_blocks(
    client: GatewayClient, seeker: Seeker, start: int, stop: int | None
) -> AsyncGenerator[protos.AnyMessage, None]:
    """Yield existing blocks from `start` to `stop`, both included, or to the newest; see `Network.blocks`."""
    until = Position(block_of(stop)).seek() if stop is not None else protos.SeekPosition(newest=protos.SeekNewest())
    request = seeker.envelope(Position(block_of(start)).seek(), until, wait=False)
    call = await _ask(client, "Deliver", request)
    try:
        expected = start
        while (block := await _next_block(call, client.deadlines.block)) is not None:
            _in_order(block.header.number, expected)
            expected += 1
            yield block
        if stop is not None and expected != stop + 1:
            raise GatewayError(f"the peer stopped before block {expected}", status=StatusCode.DATA_LOSS)
    finally:
        client.hang_up(call)


async def _ask(client: GatewayClient, method: str, request: protos.AnyMessage) -> Stream:
    """Return a delivery stream with its one request written.

    The request side stays open, since its end would end the answers.
    """
    call = client.deliver(method)
    try:
        await call.write(request)
    except asyncio.InvalidStateError:
        # The call is over before the write; reading it tells why.
        return call
    except asyncio.CancelledError:
        client.hang_up(call)
        if cancelled_by_caller():
            raise
        raise closed("reading blocks") from None
    except BaseException:
        client.hang_up(call)
        raise
    return call


async def _next_block(call: Stream, seconds: float) -> protos.AnyMessage | None:
    try:
        async with asyncio.timeout(seconds):
            message = await call.read()
    except AioRpcError as error:
        raise gateway_error(error) from error
    except asyncio.CancelledError:
        if cancelled_by_caller():
            raise
        raise closed("reading blocks") from None
    except TimeoutError as error:
        raise GatewayError(
            f"no block came for {seconds:g} s", status=StatusCode.DEADLINE_EXCEEDED, cause=error
        ) from error
    if message is grpc.aio.EOF:
        raise GatewayError("the server ended the stream", status=StatusCode.UNAVAILABLE)
    if message.WhichOneof("Type") == "block":
        return message.block
    if message.status == protos.Status.SUCCESS:
        return None
    raise _refused(message.status)


def _refused(status: int) -> GatewayError:
    name = protos.Status.Name(status) if status in protos.Status.values() else str(status)
    return GatewayError(f"the peer refused to deliver blocks: {name}", status=_STATUS.get(status, StatusCode.UNKNOWN))


def _in_order(found: int, expected: int | None) -> None:
    if expected is not None and found != expected:
        raise GatewayError(
            f"the peer sent block {found} where block {expected} comes next", status=StatusCode.DATA_LOSS
        )
