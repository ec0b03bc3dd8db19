"""A channel: its contracts, events and blocks."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from gateway.fabric.block_events import BlockFeed, FilteredBlockFeed, read_blocks
from gateway.fabric.chaincode_events import ChaincodeEventFeed
from gateway.fabric.contract import Contract
from gateway.fabric.event_stream import EventStream
from gateway.fabric.position import Position
from gateway.fabric.seek import Seeker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from gateway.fabric.chaincode_events import ChaincodeEvent
    from gateway.fabric.checkpointer import Checkpoint
    from gateway.fabric.client import GatewayClient
    from gateway.fabric.signing_identity import SigningIdentity
    from quorate.blocks.protos import AnyMessage


class Network:
    """The peers of one channel. Made by `Gateway.network`."""

    def __init__(
        self, client: GatewayClient, signing: SigningIdentity, *, name: str, tls_certificate_hash: bytes
    ) -> None:
        self._client = client
        self._signing = signing
        self._name = name
        self._seeker = Seeker(signing, name, tls_certificate_hash)

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
        self, chaincode_name: str, *, start_block: int | None = None, checkpointer: Checkpoint | None = None
    ) -> EventStream[ChaincodeEvent]:
        """Return the events that valid transactions of this chaincode emit, in the order of the ledger.

        Parameters
        ----------
        chaincode_name
            Whose events.
        start_block
            Begin with this block; without it, with the next one to be committed.
        checkpointer
            Begin where it stands, once it stands anywhere; then `start_block` is not used. The reader says what it has
            dealt with (`Checkpointer.checkpoint_chaincode_event`), so no event is lost or seen twice across restarts.

        Returns
        -------
        EventStream
            To be used as ``async with … as events: async for event in events``. A broken connection is resumed after
            the last event that was given out.
        """
        position = Position.of(start_block, checkpointer)
        return EventStream(
            self._client, ChaincodeEventFeed(self._client, self._signing, self._name, chaincode_name, position)
        )

    def block_events(
        self, *, start_block: int | None = None, checkpointer: Checkpoint | None = None
    ) -> EventStream[AnyMessage]:
        """Return blocks (``common.Block``) as they are committed; see `chaincode_events` for the parameters."""
        return EventStream(self._client, BlockFeed(self._client, self._seeker, Position.of(start_block, checkpointer)))

    def filtered_block_events(
        self, *, start_block: int | None = None, checkpointer: Checkpoint | None = None
    ) -> EventStream[AnyMessage]:
        """Return blocks without payloads (``protos.FilteredBlock``) as they are committed."""
        return EventStream(
            self._client, FilteredBlockFeed(self._client, self._seeker, Position.of(start_block, checkpointer))
        )

    async def blocks(self, start: int = 0, stop: int | None = None) -> AsyncGenerator[AnyMessage, None]:
        """Yield the blocks from `start` to `stop`, both included; to the newest there is now when `stop` is None.

        Raises
        ------
        GatewayError
            A block is missing, is not the next in order, or did not come in time.
        """
        async with aclosing(read_blocks(self._client, self._seeker, start, stop)) as blocks:
            async for block in blocks:
                yield block
