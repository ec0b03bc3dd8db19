"""A channel, whose calls block until they are done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric.sync.contract import Contract
from gateway.fabric.sync.event_stream import EventStream
from gateway.fabric.sync.requests import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    FilteredBlockEventsRequest,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from gateway.fabric import network
    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.chaincode_events import ChaincodeEvent
    from gateway.fabric.checkpointer import Checkpoint
    from gateway.fabric.sync.background import Background
    from quorate.blocks.protos import AnyMessage


class Network:
    """The peers of one channel; see `gateway.fabric.Network`."""

    def __init__(self, background: Background, inner: network.Network) -> None:
        self._background = background
        self._inner = inner

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._inner.name

    def contract(self, chaincode_name: str, contract_name: str | None = None) -> Contract:
        """Return a contract of this chaincode; its default contract unless one is named."""
        return Contract(self._background, self._inner.contract(chaincode_name, contract_name))

    def chaincode_events(
        self,
        chaincode_name: str,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        options: CallOptions | None = None,
    ) -> EventStream[ChaincodeEvent]:
        """Return the events that valid transactions of this chaincode emit, in the order of the ledger."""
        events = self._inner.chaincode_events(
            chaincode_name, start_block=start_block, checkpoint=checkpoint, options=options
        )
        return EventStream(self._background, events)

    def new_chaincode_events_request(
        self, chaincode_name: str, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> ChaincodeEventsRequest:
        """Return the request for these events, not yet signed."""
        request = self._inner.new_chaincode_events_request(
            chaincode_name, start_block=start_block, checkpoint=checkpoint
        )
        return ChaincodeEventsRequest(self._background, request)

    def block_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        options: CallOptions | None = None,
    ) -> EventStream[AnyMessage]:
        """Return blocks (``common.Block``) as they are committed."""
        events = self._inner.block_events(start_block=start_block, checkpoint=checkpoint, options=options)
        return EventStream(self._background, events)

    def new_block_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> BlockEventsRequest:
        """Return the request for whole blocks, not yet signed."""
        request = self._inner.new_block_events_request(start_block=start_block, checkpoint=checkpoint)
        return BlockEventsRequest(self._background, request)

    def filtered_block_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        options: CallOptions | None = None,
    ) -> EventStream[AnyMessage]:
        """Return blocks without payloads (``protos.FilteredBlock``) as they are committed."""
        events = self._inner.filtered_block_events(start_block=start_block, checkpoint=checkpoint, options=options)
        return EventStream(self._background, events)

    def new_filtered_block_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> FilteredBlockEventsRequest:
        """Return the request for filtered blocks, not yet signed."""
        request = self._inner.new_filtered_block_events_request(start_block=start_block, checkpoint=checkpoint)
        return FilteredBlockEventsRequest(self._background, request)

    def block_and_private_data_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        options: CallOptions | None = None,
    ) -> EventStream[AnyMessage]:
        """Return blocks with private data (``protos.BlockAndPrivateData``) as they are committed."""
        events = self._inner.block_and_private_data_events(
            start_block=start_block, checkpoint=checkpoint, options=options
        )
        return EventStream(self._background, events)

    def new_block_and_private_data_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> BlockAndPrivateDataEventsRequest:
        """Return the request for blocks with private data, not yet signed."""
        request = self._inner.new_block_and_private_data_events_request(start_block=start_block, checkpoint=checkpoint)
        return BlockAndPrivateDataEventsRequest(self._background, request)

    def blocks(self, start: int = 0, stop: int | None = None) -> Generator[AnyMessage, None, None]:
        """Yield the blocks from `start` to `stop`, both included; to the newest there is now when `stop` is None."""
        blocks = self._inner.blocks(start, stop)
        try:
            while (block := self._background.run(_next(blocks))) is not None:
                yield block
        finally:
            self._background.run(blocks.aclose())


async def _next(blocks: AsyncGenerator[AnyMessage, None]) -> AnyMessage | None:
    return await anext(blocks, None)
