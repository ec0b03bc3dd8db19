"""Connecting to a gateway."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.fabric.client import GatewayClient
from gateway.fabric.endpoint import Endpoint
from gateway.fabric.gateway import Gateway
from gateway.fabric.options import Deadlines, Limits
from gateway.fabric.signer import OfflineSigner, Signer
from gateway.fabric.signing_identity import SigningIdentity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

    from gateway.fabric.identity import Identity


@asynccontextmanager
async def connect(
    endpoint: str | Endpoint | grpc.aio.Channel,
    identity: Identity,
    signer: Signer | None = None,
    *,
    deadlines: Deadlines | None = None,
    limits: Limits | None = None,
    tls_certificate_hash: bytes = b"",
) -> AsyncIterator[Gateway]:
    """Open a gateway for one identity; in the end, close it with its streams and, unless the channel is shared, calls.

    Nothing is sent before the first call.

    Parameters
    ----------
    endpoint
        ``host:port`` with the system's TLS roots; an `Endpoint` with its own TLS; or an open channel, which several
        identities may share and which is not closed here.
    identity
        Who speaks.
    signer
        Signs what is sent. Without one, objects can only be signed elsewhere (see `Gateway.new_signed_proposal`).
    deadlines, limits
        How long each step may take; how many may be under way.
    tls_certificate_hash
        With an open channel of mutual TLS: SHA-256 of the client certificate's DER. An `Endpoint` knows its own.
    """
    signing = SigningIdentity(identity, signer or OfflineSigner())
    if isinstance(endpoint, str):
        endpoint = Endpoint(endpoint)
    if isinstance(endpoint, Endpoint):
        tls_certificate_hash = endpoint.tls.certificate_hash
    async with _channel(endpoint) as channel:
        client = GatewayClient(channel, deadlines=deadlines or Deadlines(), limits=limits or Limits())
        try:
            yield Gateway(client, signing, tls_certificate_hash)
        finally:
            client.close()


@asynccontextmanager
async def _channel(endpoint: Endpoint | grpc.aio.Channel) -> AsyncIterator[grpc.aio.Channel]:
    if not isinstance(endpoint, Endpoint):
        yield endpoint
        return
    channel = endpoint.channel()
    try:
        yield channel
    finally:
        await channel.close(grace=None)
