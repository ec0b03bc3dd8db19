"""An identity that talks to one organisation's peer, and what it sees as plain data."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc.status_pb2 import Status

from quorate.blocks import protos
from tests.parity.proposals import Draft, Signatory

_DEADLINE_S = 60.0
_GATEWAY = "/gateway.Gateway/"
Seen = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Endorsed:
    """A transaction that its creator has still to sign, or what was answered instead."""

    tx_id: str
    envelope: protos.AnyMessage | None
    seen: Seen


@dataclass(frozen=True, kw_only=True)
class Actor:
    """One identity at one peer."""

    channel: grpc.Channel
    signatory: Signatory
    network: str
    chaincode: str
    tls_hash: bytes

    def draft(
        self, *args: str | bytes, chaincode: str | None = None, transient: Mapping[str, bytes] | None = None
    ) -> Draft:
        return Draft(
            signatory=self.signatory,
            channel=self.network,
            chaincode=self.chaincode if chaincode is None else chaincode,
            args=tuple(arg.encode() if isinstance(arg, str) else arg for arg in args),
            transient=transient or {},
        )

    def evaluate(
        self,
        draft: Draft,
        *,
        organisations: tuple[str, ...] = (),
        spoil: Callable[[protos.AnyMessage], None] = lambda _: None,
        timeout: float = _DEADLINE_S,
    ) -> Seen:
        signed, tx_id = draft.signed()
        request = protos.EvaluateRequest(
            transaction_id=tx_id,
            channel_id=draft.channel,
            proposed_transaction=signed,
            target_organizations=organisations,
        )
        spoil(request)
        try:
            result = self.unary("Evaluate", protos.EvaluateResponse, request, timeout).result
        except grpc.RpcError as error:
            return failure(error)
        return {"status": result.status, "message": result.message, "payload": text(result.payload)}

    def endorse(
        self,
        draft: Draft,
        *,
        organisations: tuple[str, ...] = (),
        spoil: Callable[[protos.AnyMessage], None] = lambda _: None,
        timeout: float = _DEADLINE_S,
    ) -> Endorsed:
        signed, tx_id = draft.signed()
        request = protos.EndorseRequest(
            transaction_id=tx_id,
            channel_id=draft.channel,
            proposed_transaction=signed,
            endorsing_organizations=organisations,
        )
        spoil(request)
        try:
            envelope = self.unary("Endorse", protos.EndorseResponse, request, timeout).prepared_transaction
        except grpc.RpcError as error:
            return Endorsed(tx_id=tx_id, envelope=None, seen=failure(error))
        return Endorsed(tx_id=tx_id, envelope=envelope, seen=response_in(envelope))

    def sign(self, envelope: protos.AnyMessage) -> protos.AnyMessage:
        envelope.signature = self.signatory.sign(envelope.payload)
        return envelope

    def submit(self, envelope: protos.AnyMessage | None, *, tx_id: str = "", timeout: float = _DEADLINE_S) -> Seen:
        request = protos.SubmitRequest(transaction_id=tx_id, channel_id=self.network)
        if envelope is not None:
            request.prepared_transaction.CopyFrom(envelope)
        try:
            self.unary("Submit", protos.SubmitResponse, request, timeout)
        except grpc.RpcError as error:
            return failure(error)
        return {"submitted": True}

    def status(
        self,
        tx_id: str,
        *,
        network: str | None = None,
        identity: bytes | None = None,
        signature: Callable[[bytes], bytes] = lambda signature: signature,
        timeout: float = _DEADLINE_S,
    ) -> Seen:
        """Ask how a transaction was committed; its block's number is left out, since it depends on what was before."""
        request = protos.CommitStatusRequest(
            transaction_id=tx_id,
            channel_id=self.network if network is None else network,
            identity=self.signatory.creator if identity is None else identity,
        ).SerializeToString()
        return self.signed_status(request, signature(self.signatory.sign(request)), timeout=timeout)

    def signed_status(self, request: bytes, signature: bytes, *, timeout: float = _DEADLINE_S) -> Seen:
        signed = protos.SignedCommitStatusRequest(request=request, signature=signature)
        try:
            found = self.unary("CommitStatus", protos.CommitStatusResponse, signed, timeout)
        except grpc.RpcError as error:
            return failure(error)
        return {"code": code_name(found.result), "block": f"<block {found.block_number}>"}

    def transact(self, draft: Draft, *, organisations: tuple[str, ...] = ()) -> tuple[str, Seen]:
        """Endorse, submit, and wait for the commit; return the transaction's id and what was seen of each step."""
        endorsed = self.endorse(draft, organisations=organisations)
        if endorsed.envelope is None:
            return endorsed.tx_id, endorsed.seen
        submitted = self.submit(self.sign(endorsed.envelope), tx_id=endorsed.tx_id)
        if "submitted" not in submitted:
            return endorsed.tx_id, submitted
        return endorsed.tx_id, {**endorsed.seen, **self.status(endorsed.tx_id)}

    def unary(
        self, method: str, response: protos.AnyMessage, request: protos.AnyMessage, timeout: float
    ) -> protos.AnyMessage:
        call = self.channel.unary_unary(
            _GATEWAY + method,
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        return call(request, timeout=timeout)

    @contextmanager
    def chaincode_events(
        self, request: protos.AnyMessage, *, timeout: float = _DEADLINE_S
    ) -> Iterator[Iterator[protos.AnyMessage]]:
        """Open a stream of events."""
        call = self.channel.unary_stream(
            _GATEWAY + "ChaincodeEvents",
            request_serializer=type(request).SerializeToString,
            response_deserializer=protos.ChaincodeEventsResponse.FromString,
        )(request, timeout=timeout)
        try:
            yield call
        finally:
            call.cancel()


def text(payload: bytes) -> str:
    """Return bytes as they are told in an observation; long ones by their length."""
    if len(payload) > 400:
        return f"<{len(payload)} bytes>"
    return payload.decode("utf-8", "backslashreplace")


def is_late(error: grpc.RpcError) -> bool:
    """Tell whether a call ran out of time, which the client says, or the server, or its transport: whoever is first."""
    reset = error.code() is grpc.StatusCode.CANCELLED and "RST_STREAM" in (error.details() or "")
    return reset or error.code() is grpc.StatusCode.DEADLINE_EXCEEDED


def failure(error: grpc.RpcError) -> Seen:
    """Return status, message and details of a failed call."""
    if is_late(error):
        return {"error": "DEADLINE_EXCEEDED"}
    return {"error": error.code().name, "message": error.details() or "", "details": _details(error)}


def _details(error: grpc.RpcError) -> list[Seen]:
    found = []
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for packed in Status.FromString(value).details:
                detail = protos.ErrorDetail.FromString(packed.value)
                found.append({"address": detail.address, "msp_id": detail.msp_id, "message": detail.message})
    return sorted(found, key=lambda detail: (detail["msp_id"], detail["message"]))


def code_name(code: int) -> str:
    name: str = protos.TxValidationCode.Name(code)
    return name


def response_in(envelope: protos.AnyMessage) -> Seen:
    """Return the chaincode's answer in an endorsed transaction."""
    response = action_of(envelope).response
    return {"status": response.status, "message": response.message, "payload": text(response.payload)}


def payload_of(envelope: protos.AnyMessage) -> protos.AnyMessage:
    return protos.Payload.FromString(envelope.payload)


def endorsed_action_of(envelope: protos.AnyMessage) -> protos.AnyMessage:
    transaction = protos.Transaction.FromString(payload_of(envelope).data)
    return protos.ChaincodeActionPayload.FromString(transaction.actions[0].payload)


def action_of(envelope: protos.AnyMessage) -> protos.AnyMessage:
    response = endorsed_action_of(envelope).action.proposal_response_payload
    return protos.ChaincodeAction.FromString(protos.ProposalResponsePayload.FromString(response).extension)
