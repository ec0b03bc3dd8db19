"""A peer behind a real gRPC server: one channel, chaincodes that are plain functions, and switches for every fault.

It checks what a peer checks of a client (signatures, low S, transaction ids, the TLS certificate hash), and prepares
transactions as a peer does, so that the client is tested across a real connection and nothing in it is patched.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from google.protobuf.any_pb2 import Any
from google.rpc.status_pb2 import Status

from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from tests.unit.gateway.fabric.preparing import prepare

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HALF_P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551 // 2
CHANNEL = "quorate"
CHAINCODE = "quorate"


class RefusedError(Exception):
    """What a chaincode raises to answer with status 500."""


@dataclass
class Fault:
    """How the next calls of one method fail: by a status before, or after the work is done."""

    status: grpc.StatusCode
    message: str = "made to fail"
    times: int = 1
    after: bool = False


@dataclass
class Block:
    """What this peer keeps of a block."""

    number: int
    transactions: list[tuple[str, bytes, TxValidationCode]]


def echo(arguments: list[bytes], transient: dict[str, bytes]) -> bytes:
    name = arguments[0].decode()
    if name.endswith("refuse"):
        raise RefusedError(arguments[1].decode())
    if name.endswith("transient"):
        return b",".join(key.encode() + b"=" + transient[key] for key in sorted(transient))
    return b"|".join(arguments)


@dataclass
class FakePeer:
    """The state and switches of the peer; `serve` puts it on a port."""

    endorser: bytes
    chaincode: Callable[[list[bytes], dict[str, bytes]], bytes] = echo
    tamper: Callable[[protos.Envelope], None] = lambda _: None
    stall: set[str] = field(default_factory=set)
    faults: dict[str, Fault] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    requests: dict[str, list[object]] = field(default_factory=lambda: defaultdict(list))
    metadata: dict[str, dict[str, str | bytes]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=lambda: [Block(0, [])])
    private: dict[str, protos.TxPvtReadWriteSet] = field(default_factory=dict)
    verdict: TxValidationCode = TxValidationCode.VALID
    loses: int = 0
    holds: bool = False
    held: list[protos.SubmitRequest] = field(default_factory=list)
    events: bool = True
    events_of: str = ""
    cut_streams_after: int | None = None
    deliver_instead: Callable[[int], int] = lambda number: number
    tls_certificate_hash: bytes = b""
    streaming: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    cancelled: list[str] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    # --- gateway.Gateway

    async def evaluate(self, request: protos.EvaluateRequest, context: grpc.aio.ServicerContext) -> object:
        arguments, transient = await self._proposed(request, context)
        try:
            payload = self.chaincode(arguments, transient)
        except RefusedError as refused:
            text = f"chaincode response 500, {refused}"
            await abort(context, grpc.StatusCode.UNKNOWN, f"evaluate call to endorser returned error: {text}", text)
        return protos.EvaluateResponse(result=protos.Response(status=200, payload=payload))

    async def endorse(self, request: protos.EndorseRequest, context: grpc.aio.ServicerContext) -> object:
        arguments, transient = await self._proposed(request, context)
        try:
            payload = self.chaincode(arguments, transient)
        except RefusedError as refused:
            text = f"chaincode response 500, {refused}"
            words = "failed to endorse transaction, see attached details for more info"
            await abort(context, grpc.StatusCode.ABORTED, words, text)
        orgs = list(request.endorsing_organizations) or ["Org1MSP"]
        envelope = prepare(request.proposed_transaction.proposal_bytes, payload, orgs, with_event=self.events)
        self.tamper(envelope)
        return protos.EndorseResponse(prepared_transaction=envelope)

    async def submit(self, request: protos.SubmitRequest, context: grpc.aio.ServicerContext) -> object:
        envelope = request.prepared_transaction
        header = protos.Payload.FromString(envelope.payload).header
        creator = protos.SignatureHeader.FromString(header.signature_header).creator
        await self._signed(creator, envelope.payload, envelope.signature, context)
        if self.loses:  # the orderer that has taken it ends with it in its hands
            self.loses -= 1
        elif self.holds:
            self.held.append(request)
            self.note()
        else:
            await self._order(request)
        return protos.SubmitResponse()

    async def release(self) -> None:
        """Order what was held back, each in a block of its own."""
        self.holds = False
        for request in self.held:
            await self._order(request)

    async def _order(self, request: protos.SubmitRequest) -> None:
        seen = any(request.transaction_id == tx for block in self.blocks for tx, _, _ in block.transactions)
        verdict = TxValidationCode.DUPLICATE_TXID if seen else self.verdict
        await self.commit((request.transaction_id, request.prepared_transaction.payload, verdict))

    async def commit_status(
        self, request: protos.SignedCommitStatusRequest, context: grpc.aio.ServicerContext
    ) -> object:
        inner = protos.CommitStatusRequest.FromString(request.request)
        await self._signed(inner.identity, request.request, request.signature, context)
        await self.until(lambda: self._find(inner.transaction_id) is not None)
        number, code = self._find(inner.transaction_id)
        return protos.CommitStatusResponse(result=int(code), block_number=number)

    async def chaincode_events(
        self, request: protos.SignedChaincodeEventsRequest, context: grpc.aio.ServicerContext
    ) -> AsyncIterator[object]:
        inner = protos.ChaincodeEventsRequest.FromString(request.request)
        await self._signed(inner.identity, request.request, request.signature, context)
        skip = inner.after_transaction_id
        sent = 0
        await self._maybe_cut(sent, context)
        async for block in self._from(inner.start_position):
            valid = [tx for tx, _, code in block.transactions if code is TxValidationCode.VALID]
            if skip in valid:
                valid = valid[valid.index(skip) + 1 :]
            skip = ""
            events = [
                protos.ChaincodeEvent(
                    chaincode_id=self.events_of or inner.chaincode_id, tx_id=tx, event_name="done", payload=b"{}"
                )
                for tx in valid
            ]
            if events:
                number = self.deliver_instead(block.number)
                yield protos.ChaincodeEventsResponse(block_number=number, events=events)
                sent += 1
                await self._maybe_cut(sent, context)

    # --- protos.Deliver

    async def deliver(
        self, requests: AsyncIterator[protos.Envelope], context: grpc.aio.ServicerContext
    ) -> AsyncIterator[object]:
        async for block in self._delivered(requests, context):
            if isinstance(block, int):
                yield protos.DeliverResponse(status=block)
                return
            header = {"number": self.deliver_instead(block.number)}
            data = {"data": [payload for _, payload, _ in block.transactions]}
            yield protos.DeliverResponse(block={"header": header, "data": data})

    async def deliver_filtered(
        self, requests: AsyncIterator[protos.Envelope], context: grpc.aio.ServicerContext
    ) -> AsyncIterator[object]:
        async for block in self._delivered(requests, context):
            if isinstance(block, int):
                yield protos.DeliverResponse(status=block)
                return
            transactions = [{"txid": tx, "tx_validation_code": int(code)} for tx, _, code in block.transactions]
            filtered = {"channel_id": CHANNEL, "number": block.number, "filtered_transactions": transactions}
            yield protos.DeliverResponse(filtered_block=filtered)

    async def deliver_with_private_data(
        self, requests: AsyncIterator[protos.Envelope], context: grpc.aio.ServicerContext
    ) -> AsyncIterator[object]:
        async for block in self._delivered(requests, context):
            if isinstance(block, int):
                yield protos.DeliverResponse(status=block)
                return
            whole = {"header": {"number": block.number}, "data": {"data": [data for _, data, _ in block.transactions]}}
            private = {
                number: self.private[tx] for number, (tx, _, _) in enumerate(block.transactions) if tx in self.private
            }
            yield protos.DeliverResponse(block_and_private_data={"block": whole, "private_data_map": private})

    async def _delivered(
        self, requests: AsyncIterator[protos.Envelope], context: grpc.aio.ServicerContext
    ) -> AsyncIterator[Block | int]:
        envelope = await anext(aiter(requests))
        payload = protos.Payload.FromString(envelope.payload)
        channel = protos.ChannelHeader.FromString(payload.header.channel_header)
        creator = protos.SignatureHeader.FromString(payload.header.signature_header).creator
        await self._signed(creator, envelope.payload, envelope.signature, context)
        if channel.tls_cert_hash != self.tls_certificate_hash:
            yield protos.Status.BAD_REQUEST
            return
        if channel.channel_id != CHANNEL:
            yield protos.Status.NOT_FOUND
            return
        seek = protos.SeekInfo.FromString(payload.data)
        newest = seek.stop.WhichOneof("Type") == "newest"
        stop = self.blocks[-1].number if newest else seek.stop.specified.number
        if seek.behavior == protos.SeekInfo.FAIL_IF_NOT_READY and seek.start.specified.number >= len(self.blocks):
            yield protos.Status.NOT_FOUND
            return
        sent = 0
        await self._maybe_cut(sent, context)
        async for block in self._from(seek.start):
            yield block
            sent += 1
            await self._maybe_cut(sent, context)
            if block.number == stop:
                yield protos.Status.SUCCESS
                return
            if seek.behavior == protos.SeekInfo.FAIL_IF_NOT_READY and block.number == self.blocks[-1].number:
                yield protos.Status.NOT_FOUND
                return

    # --- state

    async def commit(self, *transactions: tuple[str, bytes, TxValidationCode]) -> None:
        self.blocks.append(Block(len(self.blocks), list(transactions)))
        self.note()

    def note(self) -> None:
        """Wake everyone who waits for this peer to change."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition on this peer, at most a minute."""
        async with asyncio.timeout(60):
            while not condition():
                await self._changed.wait()

    async def _from(self, start: protos.SeekPosition) -> AsyncIterator[Block]:
        kind = start.WhichOneof("Type")
        number = start.specified.number if kind == "specified" else len(self.blocks)
        self.streaming += 1
        self.note()
        while True:
            while number >= len(self.blocks):
                await self._changed.wait()
            yield self.blocks[number]
            number += 1

    async def _maybe_cut(self, sent: int, context: grpc.aio.ServicerContext) -> None:
        if self.cut_streams_after == sent:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the peer goes away")

    def _find(self, transaction_id: str) -> tuple[int, TxValidationCode] | None:
        for block in self.blocks:
            for tx, _, code in block.transactions:
                if tx == transaction_id:
                    return block.number, code
        return None

    # --- checks

    async def _proposed(
        self, request: protos.EvaluateRequest | protos.EndorseRequest, context: grpc.aio.ServicerContext
    ) -> tuple[list[bytes], dict[str, bytes]]:
        signed = request.proposed_transaction
        proposal = protos.Proposal.FromString(signed.proposal_bytes)
        header = protos.Header.FromString(proposal.header)
        channel = protos.ChannelHeader.FromString(header.channel_header)
        signature_header = protos.SignatureHeader.FromString(header.signature_header)
        await self._signed(signature_header.creator, signed.proposal_bytes, signed.signature, context)
        expected = hashlib.sha256(signature_header.nonce + signature_header.creator).hexdigest()
        if not expected == channel.tx_id == request.transaction_id or len(signature_header.nonce) != 24:
            await abort(context, grpc.StatusCode.INVALID_ARGUMENT, "invalid transaction id")
        if channel.channel_id != request.channel_id or channel.channel_id != CHANNEL:
            await abort(context, grpc.StatusCode.NOT_FOUND, f"no peers available to evaluate in channel {CHANNEL}")
        payload = protos.ChaincodeProposalPayload.FromString(proposal.payload)
        spec = protos.ChaincodeInvocationSpec.FromString(payload.input).chaincode_spec
        return list(spec.input.args), dict(payload.TransientMap)

    async def _signed(
        self, creator: bytes, message: bytes, signature: bytes, context: grpc.aio.ServicerContext
    ) -> None:
        identity = protos.SerializedIdentity.FromString(creator)
        key = x509.load_pem_x509_certificate(identity.id_bytes).public_key()
        denied = f"access denied: channel [{CHANNEL}] creator org [{identity.mspid}]"
        if not isinstance(key, ec.EllipticCurvePublicKey):
            await abort(context, grpc.StatusCode.PERMISSION_DENIED, denied)
            return
        try:
            key.verify(signature, hashlib.sha256(message).digest(), ec.ECDSA(Prehashed(SHA256())))
        except InvalidSignature:
            await abort(context, grpc.StatusCode.PERMISSION_DENIED, denied)
        if isinstance(key.curve, ec.SECP256R1) and decode_dss_signature(signature)[1] > HALF_P256:
            await abort(context, grpc.StatusCode.PERMISSION_DENIED, denied)

    # --- serving

    async def unary(
        self, method: str, request: object, context: grpc.aio.ServicerContext, work: Callable[..., object]
    ) -> object:
        self.calls.append(method)
        self.requests[method].append(request)
        self.metadata[method] = dict(context.invocation_metadata())
        self.note()
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            return await self._unary(method, request, context, work)
        except asyncio.CancelledError:
            self.cancelled.append(method)
            self.note()
            raise
        finally:
            self.in_flight -= 1

    async def _unary(
        self, method: str, request: object, context: grpc.aio.ServicerContext, work: Callable[..., object]
    ) -> object:
        fault = self.faults.get(method)
        if fault is not None and fault.times > 0:
            fault.times -= 1
            if fault.after:
                await work(request, context)
            await abort(context, fault.status, fault.message)
        if method in self.stall:
            await work(request, context) if method == "Submit" else None
            await asyncio.Event().wait()
        return await work(request, context)


async def abort(context: grpc.aio.ServicerContext, status: grpc.StatusCode, message: str, *details: str) -> None:
    """End the call as a peer does, with the words of one peer in the details."""
    packed = Status(code=status.value[0], message=message)
    for text in details:
        detail = Any()
        detail.Pack(protos.ErrorDetail(address="peer0.org1:7051", msp_id="Org1MSP", message=text))
        packed.details.append(detail)
    trailer = (("grpc-status-details-bin", packed.SerializeToString()),) if details else ()
    await context.abort(status, message, trailer)


def handlers(peer: FakePeer) -> tuple[grpc.GenericRpcHandler, ...]:
    """Return the peer's services for a gRPC server."""

    def unary(method: str, work: Callable[..., object], request: type) -> grpc.RpcMethodHandler:
        async def handle(message: object, context: grpc.aio.ServicerContext) -> object:
            return await peer.unary(method, message, context, work)

        return grpc.unary_unary_rpc_method_handler(handle, request.FromString, lambda out: out.SerializeToString())

    def counted(method: str, work: Callable[..., AsyncIterator[object]]) -> Callable[..., AsyncIterator[object]]:
        async def handle(message: object, context: grpc.aio.ServicerContext) -> AsyncIterator[object]:
            peer.calls.append(method)
            peer.requests[method].append(message)
            peer.metadata[method] = dict(context.invocation_metadata())
            peer.note()
            fault = peer.faults.get(method)
            if fault is not None and fault.times > 0:
                fault.times -= 1
                await context.abort(fault.status, fault.message)
            try:
                if method in peer.stall:
                    await asyncio.Event().wait()
                async for each in work(message, context):
                    yield each
            finally:
                peer.cancelled.append(method)
                peer.note()

        return handle

    def serialize(message: object) -> bytes:
        return message.SerializeToString()

    gateway = grpc.method_handlers_generic_handler(
        "gateway.Gateway",
        {
            "Evaluate": unary("Evaluate", peer.evaluate, protos.EvaluateRequest),
            "Endorse": unary("Endorse", peer.endorse, protos.EndorseRequest),
            "Submit": unary("Submit", peer.submit, protos.SubmitRequest),
            "CommitStatus": unary("CommitStatus", peer.commit_status, protos.SignedCommitStatusRequest),
            "ChaincodeEvents": grpc.unary_stream_rpc_method_handler(
                counted("ChaincodeEvents", peer.chaincode_events),
                protos.SignedChaincodeEventsRequest.FromString,
                serialize,
            ),
        },
    )
    deliver = grpc.method_handlers_generic_handler(
        "protos.Deliver",
        {
            name: grpc.stream_stream_rpc_method_handler(counted(name, work), protos.Envelope.FromString, serialize)
            for name, work in (
                ("Deliver", peer.deliver),
                ("DeliverFiltered", peer.deliver_filtered),
                ("DeliverWithPrivateData", peer.deliver_with_private_data),
            )
        },
    )
    return gateway, deliver
