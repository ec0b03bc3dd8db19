"""Being sure that a stream that begins with the next block has begun."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.fabric import Contract, EventStream, Network

T = TypeVar("T")


@asynccontextmanager
async def listening(stream: EventStream[T], contract: Contract) -> AsyncIterator[EventStream[T]]:
    """Give the stream once something has come over it.

    Nothing announces that a peer has begun to stream, so transactions with events are sent until the first is received.
    """
    async with stream:
        first = asyncio.ensure_future(anext(stream))
        while not first.done():
            _, commit = await contract.submit_async("eventOnly", "is anybody listening", "")
            await commit.status()
        await first
        yield stream


async def height(network: Network) -> int:
    """Return the number of the block that comes next."""
    newest = 0
    async for block in network.blocks():
        newest = block.header.number
    return newest + 1
