"""The connection to the organisation's own Fabric peers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.fabric import Deadlines, Endpoint, FileIdentity, Tls, connect
from gateway.fabric.tls_files import read_certificates
from gateway.ledger.retry import COMMITS_WITHIN
from gateway.service.failover import Peer, PeerChannel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.fabric import Network
    from gateway.service.config import GatewayConfig


@asynccontextmanager
async def open_peer(config: GatewayConfig, client: tuple[bytes, bytes]) -> AsyncIterator[tuple[PeerChannel, Network]]:
    """Open one channel to the peers, for the gateway's own calls and for those that it relays.

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
    deadlines = Deadlines(reconnect=config.timeouts.reconnect, commit_status=COMMITS_WITHIN)
    async with (
        PeerChannel(config.msp, _peers(config, tls)) as channel,
        connect(
            channel, identity, signer, deadlines=deadlines, tls_client_certificate_hash=tls.certificate_hash
        ) as gateway,
    ):
        yield channel, gateway.network(config.channel)


def _peers(config: GatewayConfig, tls: Tls) -> list[Peer]:
    first, others = config.peer.endpoint, config.peer.others
    # The name that the configuration gives is the first peer's; the others are called what their addresses say.
    named = [(first, tls), *((address, replace(tls, server_name="")) for address in others)]
    return [Peer(address, Endpoint(address, own).channel()) for address, own in named]
