"""From bytes back to the objects they were, so that they can be signed and sent elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from google.protobuf.message import DecodeError

from gateway.fabric.seek import Sought
from quorate.blocks import protos
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def channel_of_proposal(proposed: protos.AnyMessage) -> str:
    """Return the channel that a ProposedTransaction is for."""
    proposal = parse(protos.Proposal, proposed.proposal.proposal_bytes, "proposal")
    header = parse(protos.Header, proposal.header, "proposal's header")
    channel: str = parse(protos.ChannelHeader, header.channel_header, "proposal's channel header").channel_id
    return channel


def chaincode_events_request(data: bytes) -> protos.AnyMessage:
    """Return the SignedChaincodeEventsRequest of these bytes."""
    signed = parse(protos.SignedChaincodeEventsRequest, data, "chaincode events request")
    if not parse(protos.ChaincodeEventsRequest, signed.request, "chaincode events request").chaincode_id:
        raise UsageError(f"these {len(data)} bytes are no chaincode events request: they name no chaincode")
    return signed


def block_events_request(data: bytes) -> protos.AnyMessage:
    """Return the envelope of these bytes, which holds a request for blocks."""
    envelope = parse(protos.Envelope, data, "block events request")
    Sought.of(envelope)
    return envelope


def signed_block_events_request(data: bytes, signature: bytes) -> protos.AnyMessage:
    """Return the same with a signature made elsewhere."""
    envelope = block_events_request(data)
    envelope.signature = signature
    return envelope


def parse(message: Callable[[], T], data: bytes, what: str) -> protos.AnyMessage:
    """Return the message of these bytes, or raise `UsageError` that says what they are not."""
    parsed: protos.AnyMessage = message()
    try:
        parsed.ParseFromString(data)
    except DecodeError as error:
        raise UsageError(f"these {len(data)} bytes are no {what}", cause=error) from error
    return parsed
