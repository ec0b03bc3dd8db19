"""Asking for blocks as they are committed."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from gateway.fabric.block_feeds import BlockAndPrivateDataFeed, BlockFeed, DeliverFeed, FilteredBlockFeed
from gateway.fabric.call_options import NO_OPTIONS
from gateway.fabric.event_stream import EventStream

if TYPE_CHECKING:
    import builtins

    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.client import GatewayClient
    from gateway.fabric.signing_identity import SigningIdentity
    from quorate.blocks.protos import AnyMessage


class BlockEventsRequest:
    """Asks for whole blocks (``common.Block``).

    Made by `Network.new_block_events_request` or `Gateway.new_block_events_request`.
    """

    _feed: ClassVar[type[DeliverFeed]] = BlockFeed

    def __init__(self, client: GatewayClient, signing: SigningIdentity, request: AnyMessage) -> None:
        self._client = client
        self._signing = signing
        self._request = request

    @property
    def bytes(self) -> builtins.bytes:
        """The request as bytes, for `Gateway.new_block_events_request` and its kin."""
        serialized: builtins.bytes = self._request.SerializeToString()
        return serialized

    @property
    def digest(self) -> builtins.bytes:
        """What is to be signed."""
        return self._signing.digest(self._request.payload)

    def events(self, *, options: CallOptions | None = None) -> EventStream[AnyMessage]:
        """Return the blocks, from where the request says on; to be used with ``async with``.

        A broken stream begins again after the last block that was given out; for that the request is made and signed
        anew. One that was signed elsewhere can only begin where it says: it raises once a block was given out.
        """
        return EventStream(self._client, self._feed(self._client, self._signing, self._request, options or NO_OPTIONS))


class FilteredBlockEventsRequest(BlockEventsRequest):
    """Asks for blocks without payloads (``protos.FilteredBlock``), which needs fewer rights on the channel."""

    _feed = FilteredBlockFeed


class BlockAndPrivateDataEventsRequest(BlockEventsRequest):
    """Asks for whole blocks with the private data that the creator may see (``protos.BlockAndPrivateData``)."""

    _feed = BlockAndPrivateDataFeed
