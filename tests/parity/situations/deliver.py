"""Reading blocks: every kind of request, at peers and at the orderer."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import grpc

from quorate.blocks import protos
from tests.parity.actor import Actor, Seen, code_name, failure
from tests.parity.proposals import Signatory, broken, high_s, none, now
from tests.parity.registry import situation, variants
from tests.parity.stage import ORDERER, Stage

_DEADLINE_S = 60.0
_PEER = "/protos.Deliver/"
_ORDERER = "/orderer.AtomicBroadcast/"
_METHODS = ("Deliver", "DeliverFiltered", "DeliverWithPrivateData")


@dataclass(kw_only=True)
class Seek:
    """A request for blocks. Positions are ``oldest``, ``newest``, ``next``, a number, or None for none."""

    start: str | int | None = "oldest"
    stop: str | int | None = "newest"
    until_ready: bool = False
    channel: str | None = None
    type: int = 5
    timestamp: Any = field(default_factory=now)
    tls_hash: bytes | None = None
    signatory: Signatory | None = None
    signature: Callable[[bytes], bytes] = lambda signature: signature
    data: bytes | None = None
    content: int = 0

    def envelope(self, actor: Actor) -> protos.AnyMessage:
        header = protos.ChannelHeader(
            type=self.type,
            channel_id=actor.network if self.channel is None else self.channel,
            tls_cert_hash=actor.tls_hash if self.tls_hash is None else self.tls_hash,
        )
        if self.timestamp is not None:
            header.timestamp.CopyFrom(self.timestamp)
        signatory = self.signatory or actor.signatory
        payload = protos.Payload(
            header=protos.Header(
                channel_header=header.SerializeToString(),
                signature_header=protos.SignatureHeader(
                    creator=signatory.creator, nonce=os.urandom(24)
                ).SerializeToString(),
            ),
            data=self._info().SerializeToString() if self.data is None else self.data,
        ).SerializeToString()
        return protos.Envelope(payload=payload, signature=self.signature(signatory.sign(payload)))

    def _info(self) -> protos.AnyMessage:
        info = protos.SeekInfo(behavior=0 if self.until_ready else 1, content_type=self.content)
        if self.start is not None:
            info.start.CopyFrom(position(self.start))
        if self.stop is not None:
            info.stop.CopyFrom(position(self.stop))
        return info


def position(where: str | int) -> protos.AnyMessage:
    """Return the position of a block by its number, or of ``oldest``, ``newest`` or ``next``."""
    if isinstance(where, int):
        return protos.SeekPosition(specified=protos.SeekSpecified(number=where))
    found = protos.SeekPosition()
    getattr(found, {"oldest": "oldest", "newest": "newest", "next": "next_commit"}[where]).SetInParent()
    return found


def responses(
    actor: Actor, method: str, envelopes: list[protos.AnyMessage], *, service: str = _PEER, timeout: float = _DEADLINE_S
) -> Iterator[protos.AnyMessage]:
    """Send requests on one stream and yield what comes until the server ends it or has answered each."""
    done = threading.Event()

    def requests() -> Iterator[protos.AnyMessage]:
        yield from envelopes
        done.wait(timeout)

    # Both services' responses have the status first and the block second, so that one type reads either.
    call = actor.channel.stream_stream(
        service + method,
        request_serializer=protos.Envelope.SerializeToString,
        response_deserializer=protos.DeliverResponse.FromString,
    )(requests(), timeout=timeout)
    left = len(envelopes)
    try:
        for response in call:
            yield response
            if response.WhichOneof("Type") == "status":
                left -= 1
                if left == 0:
                    return
    finally:
        done.set()
        call.cancel()


def fetch(actor: Actor, method: str, start: str | int, stop: str | int) -> list[protos.AnyMessage]:
    """Return the blocks of a range that exists."""
    found = list(responses(actor, method, [Seek(start=start, stop=stop).envelope(actor)]))
    return found[:-1]


def _seen(actor: Actor, method: str, *seeks: Seek, service: str = _PEER, timeout: float = _DEADLINE_S) -> list[Any]:
    """Tell what comes: runs of blocks in one word, statuses by name."""
    told: list[Any] = []
    try:
        for response in responses(
            actor, method, [seek.envelope(actor) for seek in seeks], service=service, timeout=timeout
        ):
            kind = response.WhichOneof("Type")
            if kind == "status":
                told.append(protos.Status.Name(response.status))
            elif not told or told[-1] != f"{kind}s":
                told.append(f"{kind}s")
    except grpc.RpcError as error:
        told.append(failure(error))
    return told


def _at_peer(stage: Stage, make: Callable[[Stage], Seek]) -> object:
    return {method: _seen(stage.alder, method, make(stage)) for method in _METHODS}


def _at_orderer(stage: Stage, make: Callable[[Stage], Seek]) -> object:
    actor = stage.actor("alder", stage.alder.signatory, at=ORDERER)
    return _seen(actor, "Deliver", make(stage), service=_ORDERER)


_SEEKS: dict[str, Callable[[Stage], Seek]] = {
    "everything": lambda _: Seek(),
    "the newest block": lambda _: Seek(start="newest"),
    "the oldest block": lambda _: Seek(stop="oldest"),
    "the first block by its number": lambda _: Seek(start=0, stop=0),
    "two blocks by their numbers": lambda _: Seek(start=0, stop=1),
    "from the newest to the oldest": lambda _: Seek(start="newest", stop="oldest"),
    "backwards": lambda _: Seek(start=1, stop=0),
    "from beyond the end": lambda _: Seek(start=100_000, stop=100_000),
    "to beyond the end": lambda _: Seek(start=0, stop=100_000),
    "the next block": lambda _: Seek(start="next", stop=2**63),
    "from the next to the newest": lambda _: Seek(start="next", stop="newest"),
    "from the next to the next": lambda _: Seek(start="next", stop="next"),
    "to the next": lambda _: Seek(start=0, stop="next"),
    "without a start": lambda _: Seek(start=None),
    "without a stop": lambda _: Seek(stop=None),
    "without anything": lambda _: Seek(data=b""),
    "garbage": lambda _: Seek(data=b"\xff\xff"),
    "another channel": lambda _: Seek(channel="elsewhere"),
    "no channel": lambda _: Seek(channel=""),
    "another type": lambda _: Seek(type=3),
    "no timestamp": lambda _: Seek(timestamp=None),
    "a timestamp of an hour ago": lambda _: Seek(timestamp=now(-3600)),
    "a timestamp an hour ahead": lambda _: Seek(timestamp=now(3600)),
    "another certificate's hash": lambda _: Seek(tls_hash=b"\0" * 32),
    "no certificate's hash": lambda _: Seek(tls_hash=b""),
    "a broken signature": lambda _: Seek(signature=broken),
    "a signature of a high S": lambda _: Seek(signature=high_s),
    "no signature": lambda _: Seek(signature=none),
    "another organisation's client": lambda stage: Seek(signatory=stage.birch.signatory),
    "an administrator": lambda stage: Seek(signatory=stage.admin_of("alder")),
    "a peer": lambda stage: Seek(signatory=stage.peer_of("alder")),
    "an orderer": lambda stage: Seek(signatory=stage.orderer),
    "a stranger": lambda stage: Seek(signatory=stage.stranger),
    "an expired certificate": lambda stage: Seek(signatory=stage.expired),
}

variants("deliver", _SEEKS, _at_peer)
variants("orderer's deliver", _SEEKS, _at_orderer)


@situation("deliver: headers only")
def _(stage: Stage) -> object:
    # Of whole blocks only: a real peer does not survive the question for filtered ones.
    actor = stage.actor("alder", stage.alder.signatory, at=ORDERER)
    return [_seen(stage.alder, "Deliver", Seek(content=1)), _seen(actor, "Deliver", Seek(content=1), service=_ORDERER)]


@situation("deliver: two requests on one stream")
def _(stage: Stage) -> object:
    return {method: _seen(stage.alder, method, Seek(stop="oldest"), Seek(start="newest")) for method in _METHODS}


@situation("deliver: a good request after a bad one on one stream")
def _(stage: Stage) -> object:
    return {method: _seen(stage.alder, method, Seek(start=1, stop=0), Seek(stop="oldest")) for method in _METHODS}


def _raw(stage: Stage, envelope: protos.AnyMessage) -> object:
    told: list[Any] = []
    try:
        told.extend(protos.Status.Name(response.status) for response in responses(stage.alder, "Deliver", [envelope]))
    except grpc.RpcError as error:
        told.append(failure(error))
    return told


variants(
    "deliver an envelope",
    {
        "that is empty": protos.Envelope(),
        "with a payload that is none": protos.Envelope(payload=b"\xff\xff"),
        "without headers": protos.Envelope(payload=protos.Payload(data=b"x").SerializeToString()),
        "with headers that are none": protos.Envelope(
            payload=protos.Payload(header=protos.Header(channel_header=b"\xff\xff")).SerializeToString()
        ),
    },
    _raw,
)


@situation("deliver: waiting for a block that comes")
def _(stage: Stage) -> object:
    height = len(fetch(stage.alder, "DeliverFiltered", "oldest", "newest"))
    seek = Seek(start=height, stop=height, until_ready=True)
    stream = responses(stage.alder, "DeliverFiltered", [seek.envelope(stage.alder)])
    found: list[Any] = []
    reader = threading.Thread(target=lambda: found.extend(stream))
    reader.start()
    tx_id = stage.submit("put", stage.key(), "value")
    reader.join(_DEADLINE_S)
    return [
        [one.txid == tx_id for one in found[0].filtered_block.filtered_transactions],
        protos.Status.Name(found[-1].status),
    ]


@situation("deliver: what a filtered block says of a transaction with an event")
def _(stage: Stage) -> object:
    stage.submit("event", stage.key(), "name", "payload")
    block = fetch(stage.alder, "DeliverFiltered", "newest", "newest")[0].filtered_block
    return [block.channel_id, *(_told(transaction) for transaction in block.filtered_transactions)]


def _told(transaction: protos.AnyMessage) -> Seen:
    events = [action.chaincode_event for action in transaction.transaction_actions.chaincode_actions]
    return {
        "type": transaction.type,
        "code": code_name(transaction.tx_validation_code),
        "events": [[event.chaincode_id, event.event_name, len(event.payload), len(event.tx_id)] for event in events],
    }


@situation("deliver: what a filtered block says of the configuration")
def _(stage: Stage) -> object:
    block = fetch(stage.alder, "DeliverFiltered", 0, 0)[0].filtered_block
    return [
        block.channel_id,
        block.number,
        *([one.type, one.txid, one.WhichOneof("Data")] for one in block.filtered_transactions),
    ]


@situation("deliver: what a filtered block says of a transaction that was refused")
def _(stage: Stage) -> object:
    stage.transact("event", stage.key(), "name", "payload", organisations=("BirchMSP",))
    block = fetch(stage.alder, "DeliverFiltered", "newest", "newest")[0].filtered_block
    return [_told(transaction) for transaction in block.filtered_transactions]


@situation("deliver: private data of a block that has none")
def _(stage: Stage) -> object:
    stage.submit("put", stage.key(), "value")
    found = fetch(stage.alder, "DeliverWithPrivateData", "newest", "newest")[0].block_and_private_data
    return [len(found.private_data_map), len(found.block.data.data) > 0]


@situation("deliver: a block's metadata")
def _(stage: Stage) -> object:
    stage.submit("put", stage.key(), "value")
    block = fetch(stage.alder, "Deliver", "newest", "newest")[0].block
    actor = stage.actor("alder", stage.alder.signatory, at=ORDERER)
    found = list(responses(actor, "Deliver", [Seek(start="newest").envelope(actor)], service=_ORDERER))
    ordered = found[0].block
    return {
        "slots": len(block.metadata.metadata),
        "filter": list(block.metadata.metadata[2]),
        "commit hash": len(protos.Metadata.FromString(block.metadata.metadata[4]).value),
        "signatures": len(protos.Metadata.FromString(block.metadata.metadata[0]).signatures),
        "orderer's slots": len(ordered.metadata.metadata),
        "orderer's filter": len(ordered.metadata.metadata[2]),
        "same data": ordered.data == block.data and ordered.header == block.header,
    }
