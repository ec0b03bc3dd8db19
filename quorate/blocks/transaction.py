"""A transaction as it stands in a block: who made it, what was called, who endorsed it, what it wrote.

The checks are those of a peer that do not ask who anybody is, in a peer's order, since the first one that fails decides
the code. What a peer lets pass passes here too; what a transaction of ours must be beyond that is `require_plain`'s.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError, RejectedError
from quorate.blocks.rwset import NamespaceSet, decode_rwset

_MILLISECOND = 1_000_000
_KINDS: Final = frozenset(
    {protos.HeaderType.ENDORSER_TRANSACTION, protos.HeaderType.CONFIG, protos.HeaderType.CONFIG_UPDATE}
)


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
    event_tx: str
    proposer: tuple[bytes, bytes]
    """Creator and nonce of the proposal that was endorsed; peers compare no more than what the id follows from."""


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


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry whose envelope and headers could be read."""

    envelope: protos.AnyMessage
    payload: protos.AnyMessage
    channel: protos.AnyMessage
    signature: protos.AnyMessage

    def transaction(self, action: Action | None) -> Transaction:
        """Return the transaction with this action."""
        stamp = self.channel.timestamp
        return Transaction(
            kind=self.channel.type,
            channel=self.channel.channel_id,
            tx_id=self.channel.tx_id,
            claimed_time=stamp.seconds * 1000 + stamp.nanos // _MILLISECOND,
            creator=self.signature.creator,
            nonce=self.signature.nonce,
            payload=self.envelope.payload,
            signature=self.envelope.signature,
            action=action,
        )


@dataclass(frozen=True, slots=True)
class Endorsed:
    """An endorser transaction of which this proposal is what was endorsed."""

    header: protos.AnyMessage
    body: protos.AnyMessage
    """``ChaincodeActionPayload``."""
    response: protos.AnyMessage
    """``ProposalResponsePayload``."""


def decode_transaction(entry: bytes) -> Transaction:
    """Return the transaction in an entry of a block.

    Returns
    -------
    Transaction
        Of an endorser transaction the id follows from nonce and creator, and what was endorsed is this proposal.

    Raises
    ------
    RejectedError
        When a part cannot be decoded, or parts contradict each other.
    """
    opened = open_entry(entry)
    if opened.channel.type != protos.HeaderType.ENDORSER_TRANSACTION:
        return opened.transaction(None)
    require_id(opened)
    return opened.transaction(open_action(opened, open_endorsed(opened)))


def transaction_id(nonce: bytes, creator: bytes) -> str:
    """Return the id that a transaction of this creator has."""
    return hashlib.sha256(nonce + creator).hexdigest()


def open_entry(entry: bytes) -> Opened:
    """Return an entry's headers.

    Raises
    ------
    RejectedError
        When it has none that a peer reads.
    """
    envelope = _decode(protos.Envelope, entry, "the envelope", TxValidationCode.INVALID_OTHER_REASON)
    payload = _decode(protos.Payload, envelope.payload, "the payload", TxValidationCode.BAD_PAYLOAD)
    bad = TxValidationCode.BAD_COMMON_HEADER
    if not payload.HasField("header"):
        raise RejectedError(bad, "the payload has no header")
    channel = _decode(protos.ChannelHeader, payload.header.channel_header, "the channel header", bad)
    signature = _decode(protos.SignatureHeader, payload.header.signature_header, "the signature header", bad)
    if channel.type not in _KINDS:
        raise RejectedError(bad, f"no transaction is of type {channel.type}")
    if channel.epoch:
        raise RejectedError(bad, f"the transaction has the epoch {channel.epoch} instead of none")
    if not signature.nonce or not signature.creator:
        raise RejectedError(bad, "the transaction has no nonce or no creator")
    return Opened(envelope, payload, channel, signature)


def indexed_id(entry: bytes) -> str:
    """Return the id under which peers remember an entry, whatever its code; empty when they cannot read one."""
    try:
        payload = decode(protos.Payload, decode(protos.Envelope, entry, "the envelope").payload, "the payload")
        if not payload.HasField("header"):
            return ""
        claimed: str = decode(protos.ChannelHeader, payload.header.channel_header, "the channel header").tx_id
        if claimed:
            return claimed
        signature = decode(protos.SignatureHeader, payload.header.signature_header, "the signature header")
    except BlockError:
        return ""
    return transaction_id(signature.nonce, signature.creator)


def require_id(opened: Opened) -> None:
    """Return when the transaction's id follows from its nonce and creator.

    Raises
    ------
    RejectedError
        When it does not.
    """
    expected = transaction_id(opened.signature.nonce, opened.signature.creator)
    if opened.channel.tx_id != expected:
        message = f"the transaction id is {opened.channel.tx_id[:64]}, but nonce and creator give {expected}"
        raise RejectedError(TxValidationCode.BAD_PROPOSAL_TXID, message)


def open_endorsed(opened: Opened) -> Endorsed:
    """Return the endorsed part of an endorser transaction.

    Raises
    ------
    RejectedError
        When there is not exactly one, or what was endorsed is another proposal.
    """
    bad = TxValidationCode.INVALID_ENDORSER_TRANSACTION
    transaction = _decode(protos.Transaction, opened.payload.data, "the transaction", bad)
    if len(transaction.actions) != 1:
        raise RejectedError(bad, f"the transaction has {len(transaction.actions)} actions instead of one")
    action = transaction.actions[0]
    header = _decode(protos.SignatureHeader, action.header, "the action's header", bad)
    if not header.nonce or not header.creator:
        raise RejectedError(bad, "the action has no nonce or no creator")
    body = _decode(protos.ChaincodeActionPayload, action.payload, "the chaincode action's payload", bad)
    what = body.action.proposal_response_payload
    response = _decode(protos.ProposalResponsePayload, what, "what was endorsed", bad)
    proposed = opened.payload.header.channel_header + action.header + body.chaincode_proposal_payload
    if not body.chaincode_proposal_payload or response.proposal_hash != hashlib.sha256(proposed).digest():
        raise RejectedError(bad, "what was endorsed is the outcome of another proposal")
    return Endorsed(header, body, response)


def open_action(opened: Opened, endorsed: Endorsed) -> Action:
    """Return what an endorser transaction did.

    Raises
    ------
    RejectedError
        When that cannot be read, or its parts name different chaincodes.
    """
    codes = TxValidationCode
    extension = _decode(
        protos.ChaincodeHeaderExtension, opened.channel.extension, "the header's extension", codes.BAD_HEADER_EXTENSION
    )
    if not endorsed.response.extension:
        raise RejectedError(codes.BAD_RESPONSE_PAYLOAD, "what was endorsed has no outcome")
    result = _decode(
        protos.ChaincodeAction, endorsed.response.extension, "the chaincode action", codes.BAD_RESPONSE_PAYLOAD
    )
    try:
        sets = decode_rwset(result.results)
    except BlockError as error:
        raise RejectedError(codes.BAD_RWSET, error.message, cause=error) from error
    name = _chaincode(extension, result)
    event = _event(result, name)
    if len({part.namespace for part in sets}) != len(sets):
        raise RejectedError(codes.ILLEGAL_WRITESET, "the read and write set names a namespace twice")
    return Action(
        chaincode=name,
        arguments=_arguments(endorsed.body.chaincode_proposal_payload),
        response_payload=endorsed.body.action.proposal_response_payload,
        endorsements=tuple(
            Endorsement(endorser=found.endorser, signature=found.signature)
            for found in endorsed.body.action.endorsements
        ),
        status=result.response.status,
        result=result.response.payload,
        sets=sets,
        event_name=event.event_name,
        event_payload=event.payload,
        event_tx=event.tx_id,
        proposer=(endorsed.header.creator, endorsed.header.nonce),
    )


def require_plain(transaction: Transaction, action: Action) -> None:
    """Return when the parts that peers do not compare agree too, as in every transaction that a peer has endorsed.

    Raises
    ------
    BlockError
        When they do not.
    """
    creator, nonce = action.proposer
    if transaction_id(nonce, creator) != transaction.tx_id:
        raise BlockError("the action has another creator or nonce than the transaction")
    if action.event_name and action.event_tx != transaction.tx_id:
        raise BlockError("the event belongs to another transaction")


def _decode(message: object, data: bytes, what: str, code: TxValidationCode) -> protos.AnyMessage:
    try:
        return decode(message, data, what)
    except BlockError as error:
        raise RejectedError(code, error.message, cause=error) from error


def _chaincode(extension: protos.AnyMessage, result: protos.AnyMessage) -> str:
    codes = TxValidationCode
    if not extension.HasField("chaincode_id") or not result.HasField("chaincode_id"):
        raise RejectedError(codes.INVALID_OTHER_REASON, "the transaction names no chaincode")
    name: str = extension.chaincode_id.name
    if not name or name != result.chaincode_id.name:
        names = sorted({name[:80], result.chaincode_id.name[:80]})
        raise RejectedError(codes.INVALID_CHAINCODE, f"the transaction names different chaincodes: {names}")
    if not result.chaincode_id.version:
        raise RejectedError(codes.INVALID_CHAINCODE, "the transaction names no version of its chaincode")
    return name


def _event(result: protos.AnyMessage, chaincode: str) -> protos.AnyMessage:
    event = _decode(protos.ChaincodeEvent, result.events, "the event", TxValidationCode.INVALID_OTHER_REASON)
    if result.events and event.chaincode_id != chaincode:
        raise RejectedError(TxValidationCode.INVALID_OTHER_REASON, "the event belongs to another chaincode")
    return event


def _arguments(proposal: bytes) -> tuple[bytes, ...]:
    """Return what was called with what; peers do not read this, so what cannot be read is nothing.

    The chaincode that this part of a proposal names is not asked for: endorsers go by the header.
    """
    try:
        payload = decode(protos.ChaincodeProposalPayload, proposal, "the proposal's payload")
        call = decode(protos.ChaincodeInvocationSpec, payload.input, "the invocation").chaincode_spec
    except BlockError:
        return ()
    return tuple(call.input.args)
