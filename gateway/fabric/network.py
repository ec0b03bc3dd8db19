"""A channel: its contracts, events and blocks."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from gateway.fabric.block_range import read_blocks
from gateway.fabric.contract import Contract
from gateway.fabric.position import Position
from gateway.fabric.requests import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    FilteredBlockEventsRequest,
)
from gateway.fabric.seek import Seeker
from quorate.blocks import protos

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.chaincode_events import ChaincodeEvent
    from gateway.fabric.checkpointer import Checkpoint
    from gateway.fabric.client import GatewayClient
    from gateway.fabric.event_stream import EventStream
    from gateway.fabric.signing_identity import SigningIdentity
    from quorate.blocks.protos import AnyMessage


class Network:
    """The peers of one channel. Made by `Gateway.network`."""

    def __init__(
        self, client: GatewayClient, signing: SigningIdentity, *, name: str, tls_client_certificate_hash: bytes
    ) -> None:
        self._client = client
        self._signing = signing
        self._name = name
        self._seeker = Seeker(signing.creator, name, tls_client_certificate_hash)

    @property
    def name(self) -> str:
        """The channel's name."""
        return self._name

    def contract(self, chaincode_name: str, contract_name: str | None = None) -> Contract:
        """Return a contract of this chaincode; its default contract unless one is named."""
        return Contract(
            self._client, self._signing, channel=self._name, chaincode=chaincode_name, name=contract_name or ""
        )

    def chaincode_events(
        self,
        chaincode_name: str,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        options: CallOptions | None = None,
    ) -> EventStream[ChaincodeEvent]:
        """Return the events that valid transactions of this chaincode emit, in the order of the ledger.

        Parameters
        ----------
        chaincode_name
            Whose events.
        start_block
            Begin with this block; without it, with the next one to be committed.
        checkpoint
            Begin where it stands, once it stands anywhere; then `start_block` is not used. The reader says what it has
            dealt with (`Checkpointer.checkpoint_chaincode_event`), so no event is lost or seen twice across restarts.
        options
            How the stream is called.

        Returns
        -------
        EventStream
            To be used as ``async with … as events: async for event in events``. A broken connection is resumed after
            the last event that was given out.
        """
        request = self.new_chaincode_events_request(chaincode_name, start_block=start_block, checkpoint=checkpoint)
        return request.events(options=options)

    def new_chaincode_events_request(
        self, chaincode_name: str, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> ChaincodeEventsRequest:
        """Return the request for these events, not yet signed; see `chaincode_events` for the parameters."""
        position = Position.of(start_block, checkpoint)
        request = protos.ChaincodeEventsRequest(
            channel_id=self._name,
            chaincode_id=chaincode_name,
            identity=self._signing.creator,
            start_position=position.seek(),
            after_transaction_id=position.after_transaction_id,
        )
        return ChaincodeEventsRequest(
            self._client, self._signing, protos.SignedChaincodeEventsRequest(request=request.SerializeToString())
        )

    def block_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        options: CallOptions | None = None,
    ) -> EventStream[AnyMessage]:
        """Return blocks (``common.Block``) as they are committed; see `chaincode_events` for the parameters."""
        request = self.new_block_events_request(start_block=start_block, checkpoint=checkpoint)
        return request.events(options=options)

    def new_block_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> BlockEventsRequest:
        """Return the request for whole blocks, not yet signed."""
        return BlockEventsRequest(self._client, self._signing, self._follow(start_block, checkpoint))

    def filtered_block_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        options: CallOptions | None = None,
    ) -> EventStream[AnyMessage]:
        """Return blocks without payloads (``protos.FilteredBlock``) as they are committed."""
        request = self.new_filtered_block_events_request(start_block=start_block, checkpoint=checkpoint)
        return request.events(options=options)

    def new_filtered_block_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> FilteredBlockEventsRequest:
        """Return the request for filtered blocks, not yet signed."""
        return FilteredBlockEventsRequest(self._client, self._signing, self._follow(start_block, checkpoint))

    def block_and_private_data_events(
        self,
        *,
        start_block: int | None = None,
        checkpoint: Checkpoint | None = None,
        options: CallOptions | None = None,
    ) -> EventStream[AnyMessage]:
        """Return blocks with private data (``protos.BlockAndPrivateData``) as they are committed.

        Of the private data only what the peer holds and the identity's organisation may see is in
        ``private_data_map``, by the transaction's place in the block.
        """
        request = self.new_block_and_private_data_events_request(start_block=start_block, checkpoint=checkpoint)
        return request.events(options=options)

    def new_block_and_private_data_events_request(
        self, *, start_block: int | None = None, checkpoint: Checkpoint | None = None
    ) -> BlockAndPrivateDataEventsRequest:
        """Return the request for blocks with private data, not yet signed."""
        return BlockAndPrivateDataEventsRequest(self._client, self._signing, self._follow(start_block, checkpoint))

    def _follow(self, start_block: int | None, checkpoint: Checkpoint | None) -> AnyMessage:
        return self._seeker.follow(Position.of(start_block, checkpoint))

    async def blocks(self, start: int = 0, stop: int | None = None) -> AsyncGenerator[AnyMessage, None]:
        """Yield the blocks from `start` to `stop`, both included; to the newest there is now when `stop` is None.

        Raises
        ------
        GatewayError
            A block is missing, is not the next in order, or did not come in time.
        """
        async with aclosing(read_blocks(self._client, self._signing, self._seeker, start, stop)) as blocks:
            async for block in blocks:
                yield block
