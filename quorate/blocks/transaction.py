"""A transaction as it stands in a block: who made it, what was called, who endorsed it, what it wrote."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError
from quorate.blocks.rwset import NamespaceSet, decode_rwset

_MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement:
    """One peer's signature over a transaction's outcome."""

    endorser: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What an endorser transaction did."""

    chaincode: str
    arguments: tuple[bytes, ...]
    response_payload: bytes
    """``ProposalResponsePayload``: what every endorser signed, before its own identity."""
    endorsements: tuple[Endorsement, ...]
    status: int
    result: bytes
    sets: tuple[NamespaceSet, ...]
    event_name: str
    event_payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """An entry of a block whose form is in order; `action` is None unless it is an endorser transaction."""

    kind: int
    channel: str
    tx_id: str
    claimed_time: int
    """Unix milliseconds, as the submitter wrote them."""
    creator: bytes
    nonce: bytes
    payload: bytes
    signature: bytes
    action: Action | None


def decode_transaction(entry: bytes) -> Transaction:
    """Return the transaction in an entry of a block.

    Returns
    -------
    Transaction
        Of an endorser transaction the id follows from nonce and creator, and what was endorsed is this proposal.

    Raises
    ------
    BlockError
        When a part cannot be decoded, or parts contradict each other.
    """
    envelope = decode(protos.Envelope, entry, "the envelope")
    payload = decode(protos.Payload, envelope.payload, "the payload")
    channel = decode(protos.ChannelHeader, payload.header.channel_header, "the channel header")
    signature = decode(protos.SignatureHeader, payload.header.signature_header, "the signature header")
    action = None
    if channel.type == protos.HeaderType.ENDORSER_TRANSACTION:
        _require_id(channel, signature)
        action = _action(payload, channel, signature)
    return Transaction(
        kind=channel.type,
        channel=channel.channel_id,
        tx_id=channel.tx_id,
        claimed_time=channel.timestamp.seconds * 1000 + channel.timestamp.nanos // _MILLISECOND,
        creator=signature.creator,
        nonce=signature.nonce,
        payload=envelope.payload,
        signature=envelope.signature,
        action=action,
    )


def transaction_id(nonce: bytes, creator: bytes) -> str:
    """Return the id that a transaction of this creator has."""
    return hashlib.sha256(nonce + creator).hexdigest()


def _require_id(channel: protos.AnyMessage, signature: protos.AnyMessage) -> None:
    if not signature.nonce or not signature.creator:
        raise BlockError("the transaction has no nonce or no creator")
    expected = transaction_id(signature.nonce, signature.creator)
    if channel.tx_id != expected:
        raise BlockError(f"the transaction id is {channel.tx_id[:64]}, but nonce and creator give {expected}")
    if channel.epoch:
        raise BlockError(f"the transaction has the epoch {channel.epoch} instead of none")


def _action(payload: protos.AnyMessage, channel: protos.AnyMessage, signature: protos.AnyMessage) -> Action:
    transaction = decode(protos.Transaction, payload.data, "the transaction")
    if len(transaction.actions) != 1:
        raise BlockError(f"the transaction has {len(transaction.actions)} actions instead of one")
    action = transaction.actions[0]
    again = decode(protos.SignatureHeader, action.header, "the action's header")
    if (again.creator, again.nonce) != (signature.creator, signature.nonce):
        raise BlockError("the action has another creator or nonce than the transaction")
    outer = decode(protos.ChaincodeActionPayload, action.payload, "the chaincode action's payload")
    response_payload = outer.action.proposal_response_payload
    response = decode(protos.ProposalResponsePayload, response_payload, "what was endorsed")
    proposed = payload.header.channel_header + action.header + outer.chaincode_proposal_payload
    if response.proposal_hash != hashlib.sha256(proposed).digest():
        raise BlockError("what was endorsed is the outcome of another proposal")
    result = decode(protos.ChaincodeAction, response.extension, "the chaincode action")
    extension = decode(protos.ChaincodeHeaderExtension, channel.extension, "the header's extension")
    proposal = decode(protos.ChaincodeProposalPayload, outer.chaincode_proposal_payload, "the proposal's payload")
    call = decode(protos.ChaincodeInvocationSpec, proposal.input, "the invocation").chaincode_spec
    names = {extension.chaincode_id.name, result.chaincode_id.name, call.chaincode_id.name}
    if len(names) != 1 or "" in names:
        raise BlockError(f"the transaction names different chaincodes: {sorted(names)}")
    event = decode(protos.ChaincodeEvent, result.events, "the event")
    if result.events and (event.chaincode_id, event.tx_id) != (*names, channel.tx_id):
        raise BlockError("the event belongs to another chaincode or transaction")
    return Action(
        chaincode=result.chaincode_id.name,
        arguments=tuple(call.input.args),
        response_payload=response_payload,
        endorsements=tuple(
            Endorsement(endorser=found.endorser, signature=found.signature) for found in outer.action.endorsements
        ),
        status=result.response.status,
        result=result.response.payload,
        sets=decode_rwset(result.results),
        event_name=event.event_name,
        event_payload=event.payload,
    )
