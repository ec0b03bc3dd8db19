"""Is what the gateway prepared what was proposed? Asked before it is signed; the official clients do not ask."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from google.protobuf.message import DecodeError

from gateway.fabric.errors import PreparedTransactionError
from gateway.fabric.transaction_context import transaction_id_of
from gateway.fabric.write_set import foreign_writes
from quorate.blocks import protos

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

T = TypeVar("T")
Calls: TypeAlias = "Mapping[str, Collection[str]]"
"""By chaincode, those others that it calls on its channel and that may write too."""

NO_CALLS: Final[Calls] = MappingProxyType({})
_FIRST_ERROR: Final = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What a proposal fixed."""

    transaction_id: str
    channel_header: bytes
    signature_header: bytes
    proposal_payload: bytes
    endorsing_organizations: tuple[str, ...]

    @classmethod
    def of(cls, proposed: protos.AnyMessage) -> Expected:
        """Return what this ProposedTransaction fixed."""
        proposal = protos.Proposal.FromString(proposed.proposal.proposal_bytes)
        header = protos.Header.FromString(proposal.header)
        return cls(
            transaction_id=proposed.transaction_id,
            channel_header=header.channel_header,
            signature_header=header.signature_header,
            proposal_payload=_public(proposal.payload),
            endorsing_organizations=tuple(proposed.endorsing_organizations),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A prepared transaction, taken apart."""

    transaction_id: str
    channel: str
    chaincode: str
    result: bytes


def check_as_proposed(envelope: protos.AnyMessage, expected: Expected, calls: Calls = NO_CALLS) -> Prepared:
    """Return the parts of a prepared transaction that is exactly the one proposed.

    Transaction id, channel, chaincode, creator, nonce and arguments must be the proposal's byte for byte; then
    everything that `check_consistent` asks.

    Raises
    ------
    PreparedTransactionError
        It is something else.
    """
    check = _Check(expected.transaction_id, calls)
    parts = check.parts(envelope)
    header = check.parse(protos.ChannelHeader, parts.channel_header, "channel header")
    proposed = protos.ChannelHeader.FromString(expected.channel_header)
    check.equal("transaction id", header.tx_id, proposed.tx_id)
    check.equal("channel", header.channel_id, proposed.channel_id)
    check.that(parts.channel_header == expected.channel_header, "its channel header is not the proposal's")
    check.that(parts.signature_header == expected.signature_header, "its creator or nonce is not the proposal's")
    check.that(
        parts.proposal_payload == expected.proposal_payload, "its chaincode input is not the proposal's arguments"
    )
    missing = sorted(set(expected.endorsing_organizations) - check.endorsers(parts))
    check.that(not missing, f"it lacks the endorsements of {', '.join(missing)}")
    return check.consistent(parts)


def check_consistent(envelope: protos.AnyMessage, transaction_id: str, calls: Calls = NO_CALLS) -> Prepared:
    """Return the parts of a prepared transaction that is one in itself, for when the proposal is no longer at hand.

    The transaction id must follow from nonce and creator, the endorsed hash from header and input; there is one action
    with at least one endorsement, its result is a success, and it writes in no namespace but its chaincode's and those
    that `calls` names for it.

    Raises
    ------
    PreparedTransactionError
        It does not hold together.
    """
    check = _Check(transaction_id, calls)
    return check.consistent(check.parts(envelope))


@dataclass(frozen=True, slots=True)
class _Parts:
    channel_header: bytes
    signature_header: bytes
    proposal_payload: bytes
    response: protos.AnyMessage
    endorsements: tuple[protos.AnyMessage, ...]


class _Check:
    def __init__(self, transaction_id: str, calls: Calls) -> None:
        self._transaction_id = transaction_id
        self._calls = calls

    def that(self, holds: bool, otherwise: str) -> None:  # noqa: FBT001  # reads as an assertion
        if not holds:
            raise PreparedTransactionError(otherwise, transaction_id=self._transaction_id)

    def equal(self, what: str, found: str, wanted: str) -> None:
        self.that(found == wanted, f"its {what} is {found[:100]!r}, not {wanted!r}")

    def parse(self, message: Callable[[], T], data: bytes, what: str) -> T:
        parsed = message()
        try:
            parsed.ParseFromString(data)  # type: ignore[attr-defined]  # protobuf messages are untyped here
        except DecodeError:
            raise PreparedTransactionError(f"its {what} cannot be read", transaction_id=self._transaction_id) from None
        return parsed

    def parts(self, envelope: protos.AnyMessage) -> _Parts:
        self.that(not envelope.signature, "it carries a signature already")
        payload = self.parse(protos.Payload, envelope.payload, "payload")
        actions = self.parse(protos.Transaction, payload.data, "list of actions").actions
        self.that(len(actions) == 1, f"it has {len(actions)} actions instead of one")
        self.that(actions[0].header == payload.header.signature_header, "its action has another creator or nonce")
        action = self.parse(protos.ChaincodeActionPayload, actions[0].payload, "action")
        return _Parts(
            channel_header=payload.header.channel_header,
            signature_header=payload.header.signature_header,
            proposal_payload=action.chaincode_proposal_payload,
            response=self.parse(
                protos.ProposalResponsePayload, action.action.proposal_response_payload, "endorsed response"
            ),
            endorsements=tuple(action.action.endorsements),
        )

    def endorsers(self, parts: _Parts) -> set[str]:
        identities = [self.parse(protos.SerializedIdentity, each.endorser, "endorser") for each in parts.endorsements]
        return {identity.mspid for identity in identities}

    def consistent(self, parts: _Parts) -> Prepared:
        header = self.parse(protos.ChannelHeader, parts.channel_header, "channel header")
        self._identified(header, parts)
        chaincode = self.parse(protos.ChaincodeHeaderExtension, header.extension, "header").chaincode_id.name
        hashed = hashlib.sha256(parts.channel_header + parts.signature_header + parts.proposal_payload).digest()
        self.that(parts.response.proposal_hash == hashed, "peers endorsed the hash of another proposal")
        self.that(all(each.signature for each in parts.endorsements), "an endorsement has no signature")
        self.that(bool(self.endorsers(parts)), "it has no endorsements")
        action = self.parse(protos.ChaincodeAction, parts.response.extension, "chaincode action")
        return Prepared(
            transaction_id=header.tx_id,
            channel=header.channel_id,
            chaincode=chaincode,
            result=self._result(action, chaincode, parts),
        )

    def _identified(self, header: protos.AnyMessage, parts: _Parts) -> None:
        creator = self.parse(protos.SignatureHeader, parts.signature_header, "signature header")
        self.equal("transaction id", header.tx_id, self._transaction_id)
        self.equal("transaction id", header.tx_id, transaction_id_of(creator.nonce, creator.creator))
        self.that(header.type == protos.HeaderType.ENDORSER_TRANSACTION, f"it is of type {header.type}")

    def _result(self, action: protos.AnyMessage, chaincode: str, parts: _Parts) -> bytes:
        self._invoked(chaincode, parts)
        self.equal("executed chaincode", action.chaincode_id.name, chaincode)
        self._event(action.events, chaincode)
        self.that(
            0 < action.response.status < _FIRST_ERROR, f"its result has status {action.response.status}, not a success"
        )
        try:
            foreign = foreign_writes(action.results, chaincode, *self._calls.get(chaincode, ()))
        except DecodeError:
            raise PreparedTransactionError(
                "its read and write set cannot be read", transaction_id=self._transaction_id
            ) from None
        self.that(not foreign, f"it writes in foreign namespaces that no chaincode_calls name: {', '.join(foreign)}")
        result: bytes = action.response.payload
        return result

    def _invoked(self, chaincode: str, parts: _Parts) -> None:
        payload = self.parse(protos.ChaincodeProposalPayload, parts.proposal_payload, "chaincode input")
        spec = self.parse(protos.ChaincodeInvocationSpec, payload.input, "chaincode input").chaincode_spec
        self.equal("invoked chaincode", spec.chaincode_id.name, chaincode)
        self.that(not payload.TransientMap, "it would put transient data on the ledger")

    def _event(self, data: bytes, chaincode: str) -> None:
        if not data:
            return
        event = self.parse(protos.ChaincodeEvent, data, "event")
        self.equal("event's chaincode", event.chaincode_id, chaincode)
        self.equal("event's transaction id", event.tx_id, self._transaction_id)


def _public(payload: bytes) -> bytes:
    """Return the proposal's payload as transactions carry it: without transient data."""
    given = protos.ChaincodeProposalPayload.FromString(payload)
    serialized: bytes = protos.ChaincodeProposalPayload(input=given.input).SerializeToString()
    return serialized
