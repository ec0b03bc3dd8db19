"""Blocks that exist, from one to another."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
from grpc import StatusCode
from grpc.aio import AioRpcError

from gateway.fabric.block_feeds import ask, in_order, refused
from gateway.fabric.call import cancelled_by_caller, closed
from gateway.fabric.call_options import NO_OPTIONS
from gateway.fabric.error_details import gateway_error
from gateway.fabric.errors import GatewayError
from gateway.fabric.position import block_of
from quorate.blocks import protos

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gateway.fabric.client import GatewayClient, Stream
    from gateway.fabric.seek import Seeker
    from gateway.fabric.signing_identity import SigningIdentity


async def read_blocks(
    client: GatewayClient, signing: SigningIdentity, seeker: Seeker, start: int, stop: int | None
) -> AsyncGenerator[protos.AnyMessage, None]:
    """Yield existing blocks from `start` to `stop`, both included, or to the newest; see `Network.blocks`."""
    request = seeker.fetch(block_of(start), None if stop is None else block_of(stop))
    request.signature = await signing.sign(request.payload)
    call = await ask(client, "Deliver", request, NO_OPTIONS)
    try:
        expected = start
        while (block := await _next_block(call, client.deadlines.block)) is not None:
            in_order(block.header.number, expected)
            expected += 1
            yield block
        if stop is not None and expected != stop + 1:
            raise GatewayError(f"the peer stopped before block {expected}", status=StatusCode.DATA_LOSS)
    finally:
        client.hang_up(call)


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
    raise refused(message.status)
