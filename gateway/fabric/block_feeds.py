"""Blocks as they are committed, in the three forms in which a peer delivers them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from grpc import StatusCode
from grpc.aio import AioRpcError

from gateway.fabric.call import cancelled_by_caller
from gateway.fabric.error_details import gateway_error
from gateway.fabric.errors import GatewayError
from gateway.fabric.event_stream import Ended
from gateway.fabric.position import Position
from gateway.fabric.seek import Sought
from quorate.blocks import protos

if TYPE_CHECKING:
    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.client import GatewayClient, Stream
    from gateway.fabric.signing_identity import SigningIdentity

_STATUS: Final = {
    protos.Status.BAD_REQUEST: StatusCode.INVALID_ARGUMENT,
    protos.Status.FORBIDDEN: StatusCode.PERMISSION_DENIED,
    protos.Status.NOT_FOUND: StatusCode.NOT_FOUND,
    protos.Status.SERVICE_UNAVAILABLE: StatusCode.UNAVAILABLE,
}


class DeliverFeed:
    """What a signed request asks for, block by block; an `EventStream` reads it."""

    _method = "Deliver"
    _field = "block"

    def __init__(
        self, client: GatewayClient, signing: SigningIdentity, request: protos.AnyMessage, options: CallOptions
    ) -> None:
        self._client = client
        self._signing = signing
        self._first = request
        self._sought = Sought.of(request)
        self._options = options
        self._position = self._sought.start
        self._mine = signing.holds_key and self._sought.creator == signing.creator
        self._opened = False
        self._moved = False

    @property
    def resumable(self) -> bool:
        """Whether opening it again would leave nothing out."""
        return self._position.known and (self._mine or not self._moved)

    async def open(self) -> Stream:
        """Return the stream from the present position."""
        # Anew whenever that can be: a peer refuses requests whose time is long ago.
        envelope = self._sought.beginning(self._position) if self._opened and self._mine else self._first
        self._opened = True
        if not envelope.signature:
            envelope.signature = await self._signing.sign(envelope.payload)
        return await ask(self._client, self._method, envelope, self._options)

    def items(self, message: protos.AnyMessage) -> list[protos.AnyMessage]:
        """Return the block; raise `GatewayError` where the peer refused or sent another one."""
        if message.WhichOneof("Type") != self._field:
            if message.status == protos.Status.SUCCESS:
                raise Ended
            raise refused(message.status)
        block = getattr(message, self._field)
        in_order(self._number(block), self._position.block_number)
        return [block]

    def passed(self, item: protos.AnyMessage) -> None:
        """Stand after this block."""
        self._position = Position(self._number(item) + 1)
        self._moved = True

    def _number(self, block: protos.AnyMessage) -> int:
        number: int = block.header.number
        return number


class BlockFeed(DeliverFeed):
    """Whole blocks (``common.Block``)."""


class FilteredBlockFeed(DeliverFeed):
    """Blocks without payloads (``protos.FilteredBlock``)."""

    _method = "DeliverFiltered"
    _field = "filtered_block"

    def _number(self, block: protos.AnyMessage) -> int:
        number: int = block.number
        return number


class BlockAndPrivateDataFeed(DeliverFeed):
    """Whole blocks with the private data that the creator's organisation may see (``protos.BlockAndPrivateData``)."""

    _method = "DeliverWithPrivateData"
    _field = "block_and_private_data"

    def _number(self, block: protos.AnyMessage) -> int:
        number: int = block.block.header.number
        return number


async def ask(client: GatewayClient, method: str, request: protos.AnyMessage, options: CallOptions) -> Stream:
    """Return a delivery stream with its one signed request written.

    The request side stays open, since its end would end the answers.
    """
    call = client.deliver(method, options)
    writing = asyncio.ensure_future(call.write(request))

    def over(_: object) -> None:
        writing.cancel()

    # gRPC lets a write wait for ever whose call ends before it has begun.
    call.add_done_callback(over)
    try:
        await writing
    except asyncio.InvalidStateError:
        # The call is over before the write; reading it tells why.
        return call
    except asyncio.CancelledError:
        if cancelled_by_caller():
            client.hang_up(call)
            raise
        return call
    except AioRpcError as error:
        client.hang_up(call)
        raise gateway_error(error) from error
    except BaseException:
        client.hang_up(call)
        raise
    return call


def refused(status: int) -> GatewayError:
    """Return the error that a status instead of a block means."""
    name = protos.Status.Name(status) if status in protos.Status.values() else str(status)
    return GatewayError(f"the peer refused to deliver blocks: {name}", status=_STATUS.get(status, StatusCode.UNKNOWN))


def in_order(found: int, expected: int | None) -> None:
    """Raise `GatewayError` unless this is the block that comes next."""
    if expected is not None and found != expected:
        raise GatewayError(
            f"the peer sent block {found} where block {expected} comes next", status=StatusCode.DATA_LOSS
        )
