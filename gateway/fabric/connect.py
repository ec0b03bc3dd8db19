"""Connecting to a gateway."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc.aio

from gateway.fabric.call_options import DefaultCallOptions
from gateway.fabric.client import GatewayClient
from gateway.fabric.endpoint import Endpoint
from gateway.fabric.gateway import Gateway
from gateway.fabric.options import Deadlines, Limits
from gateway.fabric.prepared import NO_CALLS
from gateway.fabric.signing_identity import SigningIdentity
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

    from gateway.fabric.hash import Hash
    from gateway.fabric.identity import Identity
    from gateway.fabric.signer import AsyncSigner, Sign, Signer


@asynccontextmanager
async def connect(
    endpoint: str | Endpoint | grpc.aio.Channel,
    identity: Identity,
    signer: Signer | AsyncSigner | Sign | None = None,
    *,
    hash: Hash | None = None,  # noqa: A002  # the official clients' name
    deadlines: Deadlines | None = None,
    limits: Limits | None = None,
    call_options: DefaultCallOptions | None = None,
    chaincode_calls: Mapping[str, Collection[str]] | None = None,
    tls_client_certificate_hash: bytes = b"",
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
        Signs what is sent: a `Signer`, an `AsyncSigner`, or a plain function from digest to signature. Without one,
        objects can only be signed elsewhere (see `Gateway.new_signed_proposal`).
    hash
        What is signed of a message (`gateway.fabric.hash`), where that is not the signer's own choice. With a plain
        function or none it is SHA-256 unless this says otherwise.
    deadlines, limits
        How long each step may take; how many may be under way.
    call_options
        How each step is called beside that: metadata and such.
    chaincode_calls
        By chaincode, those others that it calls on its channel and that may write too. A transaction that writes in any
        other chaincode than the one that was invoked is refused, since nobody has asked for that.
    tls_client_certificate_hash
        With an open channel of mutual TLS: SHA-256 of the client certificate's DER. An `Endpoint` knows its own.

    Raises
    ------
    UsageError
        The endpoint or signer is none.
    """
    signing = SigningIdentity(identity, signer, hash=hash)
    if isinstance(endpoint, str):
        endpoint = Endpoint(endpoint)
    if isinstance(endpoint, Endpoint):
        tls_client_certificate_hash = endpoint.tls.certificate_hash
    async with _channel(endpoint) as channel:
        client = GatewayClient(
            channel,
            deadlines=deadlines or Deadlines(),
            limits=limits or Limits(),
            defaults=call_options or DefaultCallOptions(),
            calls=chaincode_calls or NO_CALLS,
        )
        try:
            yield Gateway(client, signing, tls_client_certificate_hash)
        finally:
            client.close()


@asynccontextmanager
async def _channel(endpoint: Endpoint | grpc.aio.Channel) -> AsyncIterator[grpc.aio.Channel]:
    if isinstance(endpoint, grpc.aio.Channel):
        yield endpoint
        return
    if not isinstance(endpoint, Endpoint):
        raise UsageError(
            f"{type(endpoint).__name__} is neither an address, an Endpoint nor a grpc.aio.Channel",
            hint="Channels of grpc itself are for threads; gateway.fabric.sync serves those with an Endpoint.",
        )
    channel = endpoint.channel()
    try:
        yield channel
    finally:
        await channel.close(grace=None)
