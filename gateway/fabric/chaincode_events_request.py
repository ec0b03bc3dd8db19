"""Asking for the events of a chaincode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric.call_options import NO_OPTIONS
from gateway.fabric.chaincode_events import ChaincodeEvent, ChaincodeEventFeed
from gateway.fabric.event_stream import EventStream

if TYPE_CHECKING:
    import builtins

    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.client import GatewayClient
    from gateway.fabric.signing_identity import SigningIdentity
    from quorate.blocks import protos


class ChaincodeEventsRequest:
    """Asks for the events of one chaincode.

    Made by `Network.new_chaincode_events_request` or `Gateway.new_chaincode_events_request`.
    """

    def __init__(self, client: GatewayClient, signing: SigningIdentity, request: protos.AnyMessage) -> None:
        self._client = client
        self._signing = signing
        self._request = request

    @property
    def bytes(self) -> builtins.bytes:
        """The request as bytes, for `Gateway.new_chaincode_events_request` or its signed kin."""
        serialized: builtins.bytes = self._request.SerializeToString()
        return serialized

    @property
    def digest(self) -> builtins.bytes:
        """What is to be signed."""
        return self._signing.digest(self._request.request)

    def events(self, *, options: CallOptions | None = None) -> EventStream[ChaincodeEvent]:
        """Return the events, from where the request says on; to be used with ``async with``.

        A broken stream begins again after the last event that was given out; for that the request is made and signed
        anew. One that was signed elsewhere can only begin where it says: it raises once an event was given out.
        """
        feed = ChaincodeEventFeed(self._client, self._signing, self._request, options or NO_OPTIONS)
        return EventStream(self._client, feed)
