"""Signed requests for blocks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from google.protobuf.timestamp_pb2 import Timestamp

from quorate.blocks import protos

if TYPE_CHECKING:
    from gateway.fabric.signing_identity import SigningIdentity


@dataclass(frozen=True, slots=True)
class Seeker:
    """Asks for blocks of one channel in one identity's name."""

    signing: SigningIdentity
    channel: str
    tls_certificate_hash: bytes

    def envelope(self, start: protos.AnyMessage, stop: protos.AnyMessage, *, wait: bool) -> protos.AnyMessage:
        """Return the signed request for the blocks from one SeekPosition to another.

        With `wait` the peer sends each block once it exists, else it refuses what does not exist yet.
        """
        behavior = protos.SeekInfo.BLOCK_UNTIL_READY if wait else protos.SeekInfo.FAIL_IF_NOT_READY
        seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
        header = protos.ChannelHeader(
            type=protos.HeaderType.DELIVER_SEEK_INFO,
            timestamp=Timestamp(seconds=seconds, nanos=nanos),
            channel_id=self.channel,
            epoch=0,
            tls_cert_hash=self.tls_certificate_hash,
        )
        payload = protos.Payload(
            header=protos.Header(
                channel_header=header.SerializeToString(),
                signature_header=protos.SignatureHeader(creator=self.signing.creator).SerializeToString(),
            ),
            data=protos.SeekInfo(start=start, stop=stop, behavior=behavior).SerializeToString(),
        ).SerializeToString()
        return protos.Envelope(payload=payload, signature=self.signing.sign(payload))
