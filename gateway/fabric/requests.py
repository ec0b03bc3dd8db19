"""Requests for events: of a chaincode, and of blocks in the three forms in which a peer delivers them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from gateway.fabric.block_feeds import BlockAndPrivateDataFeed, BlockFeed, FilteredBlockFeed
from gateway.fabric.call_options import NO_OPTIONS
from gateway.fabric.chaincode_events import ChaincodeEvent, ChaincodeEventFeed
from gateway.fabric.event_stream import EventStream
from quorate.blocks.protos import AnyMessage

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable

    from gateway.fabric.block_feeds import DeliverFeed
    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.client import GatewayClient
    from gateway.fabric.event_stream import Feed
    from gateway.fabric.signing_identity import SigningIdentity

T = TypeVar("T")


class EventsRequest(Generic[T]):
    """Asks for events, and can be signed elsewhere."""

    _feed: Callable[[GatewayClient, SigningIdentity, AnyMessage, CallOptions], Feed[T]]
    _to_sign: str

    def __init__(self, client: GatewayClient, signing: SigningIdentity, request: AnyMessage) -> None:
        self._client = client
        self._signing = signing
        self._request = request

    @property
    def bytes(self) -> builtins.bytes:
        """The request as bytes, for the `Gateway.new_…` and `Gateway.new_signed_…` of its kind."""
        serialized: builtins.bytes = self._request.SerializeToString()
        return serialized

    @property
    def digest(self) -> builtins.bytes:
        """What is to be signed."""
        return self._signing.digest(getattr(self._request, self._to_sign))

    def events(self, *, options: CallOptions | None = None) -> EventStream[T]:
        """Return the events, from where the request says on; to be used with ``async with``.

        A broken stream begins again after the last event that was given out; for that the request is made and signed
        anew. One that was signed elsewhere can only begin where it says: it raises once an event was given out.
        """
        return EventStream(self._client, self._feed(self._client, self._signing, self._request, options or NO_OPTIONS))


class ChaincodeEventsRequest(EventsRequest[ChaincodeEvent]):
    """Asks for the events of one chaincode.

    Made by `Network.new_chaincode_events_request` or `Gateway.new_chaincode_events_request`.
    """

    _feed = ChaincodeEventFeed
    _to_sign = "request"


class BlockEventsRequest(EventsRequest[AnyMessage]):
    """Asks for whole blocks (``common.Block``).

    Made by `Network.new_block_events_request` or `Gateway.new_block_events_request`.
    """

    _feed: type[DeliverFeed] = BlockFeed
    _to_sign = "payload"


class FilteredBlockEventsRequest(BlockEventsRequest):
    """Asks for blocks without payloads (``protos.FilteredBlock``), which needs fewer rights on the channel."""

    _feed = FilteredBlockFeed


class BlockAndPrivateDataEventsRequest(BlockEventsRequest):
    """Asks for whole blocks with the private data that the creator may see (``protos.BlockAndPrivateData``)."""

    _feed = BlockAndPrivateDataFeed
