"""Requests for blocks (``SeekInfo`` in an envelope), not yet signed."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

from google.protobuf.message import DecodeError
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.fabric.position import Position
from quorate.blocks import protos
from quorate.errors import UsageError

_FOR_EVER: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Seeker:
    """Asks for blocks of one channel in one identity's name."""

    creator: bytes
    channel: str
    tls_certificate_hash: bytes

    def follow(self, start: Position) -> protos.AnyMessage:
        """Return the request for every block from here on, each once it exists."""
        return self._envelope(start.seek(), Position(_FOR_EVER).seek(), protos.SeekInfo.BLOCK_UNTIL_READY)

    def fetch(self, start: int, stop: int | None) -> protos.AnyMessage:
        """Return the request for blocks that exist, to `stop` or to the newest; the peer refuses what does not."""
        until = Position(stop).seek() if stop is not None else protos.SeekPosition(newest=protos.SeekNewest())
        return self._envelope(Position(start).seek(), until, protos.SeekInfo.FAIL_IF_NOT_READY)

    def _envelope(self, start: protos.AnyMessage, stop: protos.AnyMessage, behavior: int) -> protos.AnyMessage:
        header = protos.ChannelHeader(
            type=protos.HeaderType.DELIVER_SEEK_INFO,
            timestamp=_now(),
            channel_id=self.channel,
            epoch=0,
            tls_cert_hash=self.tls_certificate_hash,
        )
        payload = protos.Payload(
            header=protos.Header(
                channel_header=header.SerializeToString(),
                signature_header=protos.SignatureHeader(creator=self.creator).SerializeToString(),
            ),
            data=protos.SeekInfo(start=start, stop=stop, behavior=behavior).SerializeToString(),
        )
        return protos.Envelope(payload=payload.SerializeToString())


@dataclass(frozen=True, slots=True)
class Sought:
    """A request for blocks, taken apart."""

    payload: protos.AnyMessage
    channel_header: protos.AnyMessage
    creator: bytes
    seek: protos.AnyMessage

    @classmethod
    def of(cls, envelope: protos.AnyMessage) -> Sought:
        """Return the parts of an envelope; raise `UsageError` where it is no request for blocks."""
        try:
            payload = protos.Payload.FromString(envelope.payload)
            header = protos.ChannelHeader.FromString(payload.header.channel_header)
            creator = protos.SignatureHeader.FromString(payload.header.signature_header).creator
            seek = protos.SeekInfo.FromString(payload.data)
        except DecodeError as error:
            raise UsageError("the envelope holds no request for blocks", cause=error) from error
        if header.type != protos.HeaderType.DELIVER_SEEK_INFO:
            raise UsageError(f"the envelope is of type {header.type} and holds no request for blocks")
        return cls(payload, header, creator, seek)

    @property
    def start(self) -> Position:
        """Where it begins."""
        return Position.of_seek(self.seek.start)

    def beginning(self, start: Position) -> protos.AnyMessage:
        """Return the same request from another place on, with the time of now; it is to be signed anew."""
        header, seek, payload = protos.ChannelHeader(), protos.SeekInfo(), protos.Payload()
        header.CopyFrom(self.channel_header)
        header.timestamp.CopyFrom(_now())
        seek.CopyFrom(self.seek)
        seek.start.CopyFrom(start.seek())
        payload.CopyFrom(self.payload)
        payload.header.channel_header = header.SerializeToString()
        payload.data = seek.SerializeToString()
        return protos.Envelope(payload=payload.SerializeToString())


def _now() -> Timestamp:
    seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
    return Timestamp(seconds=seconds, nanos=nanos)
