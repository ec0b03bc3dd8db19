"""Events that transactions of a chaincode emit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grpc import StatusCode

from gateway.fabric.errors import GatewayError
from gateway.fabric.position import Position
from quorate.blocks import protos

if TYPE_CHECKING:
    from gateway.fabric.call_options import CallOptions
    from gateway.fabric.client import GatewayClient, Stream
    from gateway.fabric.signing_identity import SigningIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaincodeEvent:
    """The event of one valid transaction."""

    block_number: int
    transaction_id: str
    chaincode_name: str
    event_name: str
    payload: bytes


class ChaincodeEventFeed:
    """Events of one chaincode on one channel, from a position on; an `EventStream` reads it."""

    def __init__(
        self,
        client: GatewayClient,
        signing: SigningIdentity,
        request: protos.AnyMessage,
        options: CallOptions,
    ) -> None:
        self._client = client
        self._signing = signing
        self._first = request
        self._asked = protos.ChaincodeEventsRequest.FromString(request.request)
        self._options = options
        self._position = Position.of_seek(self._asked.start_position, self._asked.after_transaction_id)
        self._mine = signing.holds_key and self._asked.identity == signing.creator
        self._opened = False
        self._moved = False

    @property
    def resumable(self) -> bool:
        """Whether opening it again would leave nothing out."""
        return self._position.known and (self._mine or not self._moved)

    async def open(self) -> Stream:
        """Return the stream from the present position."""
        signed = self._from_here() if self._opened and self._mine else self._first
        self._opened = True
        if not signed.signature:
            signed.signature = await self._signing.sign(signed.request)
        return self._client.chaincode_events(signed, self._options)

    def _from_here(self) -> protos.AnyMessage:
        request = protos.ChaincodeEventsRequest()
        request.CopyFrom(self._asked)
        request.start_position.CopyFrom(self._position.seek())
        request.after_transaction_id = self._position.after_transaction_id
        return protos.SignedChaincodeEventsRequest(request=request.SerializeToString())

    def items(self, message: protos.AnyMessage) -> list[ChaincodeEvent]:
        """Return the events of one block; raise `GatewayError` where they are not what was asked for."""
        least = self._position.block_number or 0
        if message.block_number < least:
            raise GatewayError(
                f"the peer sent events of block {message.block_number} after those of block {least}",
                status=StatusCode.DATA_LOSS,
            )
        foreign = {event.chaincode_id for event in message.events} - {self._asked.chaincode_id}
        if foreign:
            raise GatewayError(
                f"the peer sent events of {', '.join(sorted(foreign))} instead of {self._asked.chaincode_id}",
                status=StatusCode.DATA_LOSS,
            )
        return [
            ChaincodeEvent(
                block_number=message.block_number,
                transaction_id=event.tx_id,
                chaincode_name=event.chaincode_id,
                event_name=event.event_name,
                payload=event.payload,
            )
            for event in message.events
        ]

    def passed(self, item: ChaincodeEvent) -> None:
        """Stand after this event."""
        self._position = Position(item.block_number, item.transaction_id)
        self._moved = True
