"""What a relayed request asks for, read from its bytes: pure functions over Fabric's messages."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError

from quorate.blocks import protos
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable


class Kind(Enum):
    """What a request is; the values are what people call it."""

    CALL = "calls"
    STATUS = "commit status"
    EVENTS = "chaincode events"
    BLOCKS = "blocks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks for.

    Attributes
    ----------
    kind
        What it is.
    creator
        MSP id of who signed it. The peer checks the signature; this only says whose it would have to be.
    channel
        Which channel.
    chaincode, function
        Which chaincode and function; None where the request names none.
    """

    kind: Kind
    creator: str
    channel: str
    chaincode: str | None = None
    function: str | None = None


_PROPOSAL_TYPE: Final = 3
_DELIVER_TYPE: Final = 5


def read_evaluate(data: bytes) -> Asked:
    """Read an EvaluateRequest; `UsageError` when it is none."""
    request = _parse(protos.EvaluateRequest, data)
    return _proposal(request.proposed_transaction, request.channel_id)


def read_endorse(data: bytes) -> Asked:
    """Read an EndorseRequest; `UsageError` when it is none."""
    request = _parse(protos.EndorseRequest, data)
    return _proposal(request.proposed_transaction, request.channel_id)


def read_submit(data: bytes) -> Asked:
    """Read a SubmitRequest; `UsageError` when it is none, or holds anything but one endorsed call."""
    request = _parse(protos.SubmitRequest, data)
    payload = _parse(protos.Payload, request.prepared_transaction.payload)
    channel, creator, extension = _header(payload.header, request.channel_id, kind=_PROPOSAL_TYPE)
    actions = _parse(protos.Transaction, payload.data).actions
    if len(actions) != 1:
        raise UsageError(f"a transaction holds one action, not {len(actions)}")
    action = _parse(protos.ChaincodeActionPayload, actions[0].payload)
    chaincode, function = _called(action.chaincode_proposal_payload, extension)
    return Asked(kind=Kind.CALL, creator=creator, channel=channel, chaincode=chaincode, function=function)


def read_commit_status(data: bytes) -> Asked:
    """Read a SignedCommitStatusRequest; `UsageError` when it is none."""
    request = _parse(protos.CommitStatusRequest, _parse(protos.SignedCommitStatusRequest, data).request)
    return Asked(kind=Kind.STATUS, creator=_creator(request.identity), channel=request.channel_id)


def read_chaincode_events(data: bytes) -> Asked:
    """Read a SignedChaincodeEventsRequest; `UsageError` when it is none."""
    request = _parse(protos.ChaincodeEventsRequest, _parse(protos.SignedChaincodeEventsRequest, data).request)
    return Asked(
        kind=Kind.EVENTS,
        creator=_creator(request.identity),
        channel=request.channel_id,
        chaincode=request.chaincode_id,
    )


def read_deliver(data: bytes) -> Asked:
    """Read an Envelope that asks for blocks; `UsageError` when it is none."""
    payload = _parse(protos.Payload, _parse(protos.Envelope, data).payload)
    channel, creator, _ = _header(payload.header, None, kind=_DELIVER_TYPE)
    return Asked(kind=Kind.BLOCKS, creator=creator, channel=channel)


def _proposal(signed: protos.AnyMessage, channel_id: str) -> Asked:
    proposal = _parse(protos.Proposal, signed.proposal_bytes)
    header = _parse(protos.Header, proposal.header)
    channel, creator, extension = _header(header, channel_id, kind=_PROPOSAL_TYPE)
    chaincode, function = _called(proposal.payload, extension)
    return Asked(kind=Kind.CALL, creator=creator, channel=channel, chaincode=chaincode, function=function)


def _header(header: protos.AnyMessage, channel_id: str | None, *, kind: int) -> tuple[str, str, bytes]:
    channel = _parse(protos.ChannelHeader, header.channel_header)
    if channel.type != kind:
        raise UsageError(f"the header's type is {channel.type}, not {kind}")
    if channel_id is not None and channel_id != channel.channel_id:
        raise UsageError(f"the request names channel {channel_id[:80]!r} and its header {channel.channel_id[:80]!r}")
    creator = _creator(_parse(protos.SignatureHeader, header.signature_header).creator)
    return channel.channel_id, creator, channel.extension


def _called(payload: bytes, extension: bytes) -> tuple[str, str]:
    """Return chaincode and function; peers run the chaincode that the header's extension names."""
    chaincode, function = _invocation(payload)
    named = _parse(protos.ChaincodeHeaderExtension, extension).chaincode_id.name
    if named != chaincode:
        raise UsageError(f"the header names chaincode {named[:80]!r} and the payload {chaincode[:80]!r}")
    return chaincode, function


def _invocation(payload: bytes) -> tuple[str, str]:
    call = _parse(protos.ChaincodeProposalPayload, payload)
    spec = _parse(protos.ChaincodeInvocationSpec, call.input).chaincode_spec
    if not spec.input.args:
        raise UsageError("the call names no function")
    try:
        return spec.chaincode_id.name, spec.input.args[0].decode()
    except UnicodeDecodeError as error:
        raise UsageError("the function's name is not UTF-8", cause=error) from error


def _creator(identity: bytes) -> str:
    return str(_parse(protos.SerializedIdentity, identity).mspid)


def _parse(message: Callable[[], protos.AnyMessage], data: bytes) -> protos.AnyMessage:
    parsed = message()
    try:
        parsed.ParseFromString(data)
    except DecodeError as error:
        raise UsageError(f"these {len(data)} bytes are no {type(parsed).__name__}", cause=error) from error
    return parsed
