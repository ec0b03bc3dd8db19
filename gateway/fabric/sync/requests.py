"""Requests for events, whose streams are plain iterators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric import requests
from gateway.fabric.sync.event_stream import EventStream
from gateway.fabric.sync.signable import Signable

if TYPE_CHECKING:
    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.chaincode_events import ChaincodeEvent
    from quorate.blocks.protos import AnyMessage


class ChaincodeEventsRequest(Signable[requests.ChaincodeEventsRequest]):
    """Asks for the events of one chaincode."""

    def events(self, *, options: CallOptions | None = None) -> EventStream[ChaincodeEvent]:
        """Return the events, from where the request says on; to be used with ``with``."""
        return EventStream(self._background, self._inner.events(options=options))


class BlockEventsRequest(Signable[requests.BlockEventsRequest]):
    """Asks for whole blocks (``common.Block``)."""

    def events(self, *, options: CallOptions | None = None) -> EventStream[AnyMessage]:
        """Return the blocks, from where the request says on; to be used with ``with``."""
        return EventStream(self._background, self._inner.events(options=options))


class FilteredBlockEventsRequest(BlockEventsRequest):
    """Asks for blocks without payloads (``protos.FilteredBlock``)."""


class BlockAndPrivateDataEventsRequest(BlockEventsRequest):
    """Asks for whole blocks with the private data that the creator may see (``protos.BlockAndPrivateData``)."""
