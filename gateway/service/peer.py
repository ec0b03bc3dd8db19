"""The connection to the organisation's own Fabric peer."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateway.fabric import Deadlines, Endpoint, FileIdentity, Tls, connect
from gateway.fabric.tls_files import read_certificates
from gateway.ledger.retry import LOST_AFTER

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc

    from gateway.fabric import Network
    from gateway.service.config import GatewayConfig


@asynccontextmanager
async def open_peer(
    config: GatewayConfig, client: tuple[bytes, bytes]
) -> AsyncIterator[tuple[grpc.aio.Channel, Network]]:
    """Open one channel to the peer, for the gateway's own calls and for those that it relays.

    Parameters
    ----------
    client
        Certificate and key of the TLS client pair.

    Raises
    ------
    QuorateError
        When a file that the configuration names cannot be used.
    """
    tls = Tls(
        roots=read_certificates(config.peer.tls_ca),
        certificate=client[0],
        key=client[1],
        server_name=config.peer.server_name,
    )
    identity, signer = FileIdentity(
        msp_id=config.msp, certificate=config.identity.certificate, key=config.identity.key
    ).load()
    deadlines = Deadlines(reconnect=config.timeouts.reconnect, commit_status=LOST_AFTER)
    async with (
        Endpoint(config.peer.endpoint, tls).channel() as channel,
        connect(channel, identity, signer, deadlines=deadlines, tls_certificate_hash=tls.certificate_hash) as gateway,
    ):
        yield channel, gateway.network(config.channel)
