"""Signed proposals and transactions, byte by byte, so that a situation can spoil any part of one."""

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.fabric.ecdsa import ORDERS
from quorate.blocks import protos


@dataclass(frozen=True, kw_only=True)
class Signatory:
    """Who signs: an identity as it stands in messages, and what makes its signatures."""

    creator: bytes
    sign: Callable[[bytes], bytes]


@dataclass(kw_only=True)
class Draft:
    """A proposal that is not signed yet. What is None is made as an honest client makes it."""

    signatory: Signatory
    channel: str
    chaincode: str
    args: tuple[bytes, ...]
    transient: Mapping[str, bytes] = field(default_factory=dict)
    creator: bytes | None = None
    nonce: bytes | None = None
    tx_id: str | None = None
    timestamp: Timestamp | None = None
    has_timestamp: bool = True
    type: int = 3
    epoch: int = 0
    header_channel: str | None = None
    extension: bytes | None = None
    invocation: bytes | None = None
    signature: Callable[[bytes], bytes] = lambda signature: signature

    def signed(self) -> tuple[protos.AnyMessage, str]:
        """Return the signed proposal and the transaction id that it claims."""
        creator = self.signatory.creator if self.creator is None else self.creator
        nonce = os.urandom(24) if self.nonce is None else self.nonce
        tx_id = transaction_id(nonce, creator) if self.tx_id is None else self.tx_id
        proposal = protos.Proposal(
            header=protos.Header(
                channel_header=self._channel_header(tx_id).SerializeToString(),
                signature_header=protos.SignatureHeader(creator=creator, nonce=nonce).SerializeToString(),
            ).SerializeToString(),
            payload=protos.ChaincodeProposalPayload(
                input=self._invocation(), TransientMap=dict(self.transient)
            ).SerializeToString(),
        ).SerializeToString()
        signature = self.signature(self.signatory.sign(proposal))
        return protos.SignedProposal(proposal_bytes=proposal, signature=signature), tx_id

    def _channel_header(self, tx_id: str) -> protos.AnyMessage:
        extension = protos.ChaincodeHeaderExtension(chaincode_id=protos.ChaincodeID(name=self.chaincode))
        header = protos.ChannelHeader(
            type=self.type,
            channel_id=self.channel if self.header_channel is None else self.header_channel,
            tx_id=tx_id,
            epoch=self.epoch,
            extension=extension.SerializeToString() if self.extension is None else self.extension,
        )
        if self.has_timestamp:
            header.timestamp.CopyFrom(self.timestamp or now())
        return header

    def _invocation(self) -> bytes:
        if self.invocation is not None:
            return self.invocation
        spec = protos.ChaincodeSpec(
            type=1, chaincode_id=protos.ChaincodeID(name=self.chaincode), input=protos.ChaincodeInput(args=self.args)
        )
        raw: bytes = protos.ChaincodeInvocationSpec(chaincode_spec=spec).SerializeToString()
        return raw


def transaction_id(nonce: bytes, creator: bytes) -> str:
    return hashlib.sha256(nonce + creator).hexdigest()


def now(offset_s: float = 0.0) -> Timestamp:
    seconds, nanos = divmod(time.time_ns() + int(offset_s * 1e9), 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)


def high_s(signature: bytes) -> bytes:
    """Return the other signature that mathematics allows, which Fabric refuses."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, ORDERS["secp256r1"] - s)


def broken(signature: bytes) -> bytes:
    """Return a well-formed signature of something else."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, s ^ 1)


def none(_signature: bytes) -> bytes:
    return b""


def garbage(_signature: bytes) -> bytes:
    return b"this is no signature"
