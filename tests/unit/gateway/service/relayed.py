"""A peer behind real TLS, and a gateway's relay before it."""

from __future__ import annotations

import hashlib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.fabric import Deadlines, Endpoint, FileIdentity, Gateway, Tls, connect
from gateway.service.callers import Roots
from gateway.service.config import TimeoutsSection, TlsSection
from gateway.service.drain import Drain
from gateway.service.failover import Peer, PeerChannel
from gateway.service.limiter import Rate, Slots
from gateway.service.methods import Door
from gateway.service.relay.forward import GATEWAY, Relay
from gateway.service.relay.guard import Guard, RelayLimits
from gateway.service.relay.rules import Rules
from gateway.service.relay.turns import Turns
from gateway.service.server import GatewayServer, credentials
from network.identity import KeyPair, OrganisationPaths, Role
from quorate.blocks import protos
from quorate.identifiers import MspId
from tests.unit.gateway.fabric.fake_peer import FakePeer, handlers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

FUNCTIONS = frozenset({"round:Commit", "round:refuse", "round:Get"})
PATIENT = Deadlines(evaluate=60, endorse=60, submit=60, commit_status=60, queue=60, reconnect=60, block=60, resubmit=60)


def limits(**chosen: Any) -> RelayLimits:
    return RelayLimits(
        **{
            "message_bytes": 100_000,
            "rate": Rate(1000, burst=1000),
            "calls": Slots(10, limit="limits.calls_at_once"),
            "streams": Slots(3, limit="limits.streams_at_once"),
            "peer_calls": Turns(100, seconds=60, limit="limits.peer_calls_at_once"),
            "peer_streams": Slots(100, limit="limits.peer_streams_at_once", who="this gateway"),
        }
        | chosen
    )


@dataclass
class Relayed:
    """A peer, and a gateway before it."""

    peer: FakePeer
    port: int
    drain: Drain
    server: GatewayServer
    alder: OrganisationPaths

    def endpoint(self, pair: KeyPair | None = None) -> Endpoint:
        pair = pair or self.alder.agent_tls
        tls = Tls.from_files(roots=self.alder.tls_ca.cert, certificate=pair.cert, key=pair.key)
        return Endpoint(f"localhost:{self.port}", tls)

    @asynccontextmanager
    async def connected(
        self, msp: str = "AlderMSP", *, signer: OrganisationPaths | None = None, tls: KeyPair | None = None
    ) -> AsyncIterator[Gateway]:
        pair = (signer or self.alder).identity(Role.AGENT)
        identity, key = FileIdentity(msp_id=msp, certificate=pair.cert, key=pair.key).load()
        async with connect(self.endpoint(tls), identity, key, deadlines=PATIENT) as gateway:
            yield gateway

    async def raw(
        self,
        method: str,
        data: bytes,
        timeout: float | None = 60,  # noqa: ASYNC109 - gRPC's own
    ) -> tuple[grpc.StatusCode, str]:
        """Call with any bytes; return the status and words of the failure that must follow."""
        async with self.endpoint().channel() as channel:
            call = channel.unary_unary(f"/{GATEWAY}/{method}")(data, timeout=timeout)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
        return caught.value.code(), caught.value.details()


def evaluation(gateway: Gateway, channel: str = "quorate") -> bytes:
    """Return a request to evaluate, as bytes that are sent as they are."""
    proposal = gateway.network(channel).contract("quorate").new_proposal("round:Get", "{}")
    proposed = protos.ProposedTransaction.FromString(proposal.bytes)
    return protos.EvaluateRequest(
        transaction_id=proposed.transaction_id, channel_id="quorate", proposed_transaction=proposed.proposal
    ).SerializeToString()


class Setup:
    """Makes a peer and a relay in front of it."""

    def __init__(self, identities: dict[str, OrganisationPaths]) -> None:
        self._identities = identities

    @asynccontextmanager
    async def __call__(self, **chosen: Any) -> AsyncIterator[Relayed]:
        peer = self.peer()
        async with self.before(handlers(peer), peer, **chosen) as relayed:
            yield relayed

    def peer(self) -> FakePeer:
        """Return a peer that expects the agent's TLS certificate in requests for blocks."""
        pem = self._identities["alder"].agent_tls.cert.read_bytes()
        der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
        return FakePeer(endorser=b"", tls_certificate_hash=hashlib.sha256(der).digest())

    @asynccontextmanager
    async def before(
        self, services: Sequence[grpc.GenericRpcHandler], peer: FakePeer | None = None, **chosen: Any
    ) -> AsyncIterator[Relayed]:
        """Run a relay before these services of one peer."""
        behind, port = await self.serve(services)
        try:
            async with self.relay([port], peer or self.peer(), **chosen) as relayed:
                yield relayed
        finally:
            await behind.stop(0)

    async def serve(self, handlers: Sequence[grpc.GenericRpcHandler], port: int = 0) -> tuple[grpc.aio.Server, int]:
        """Serve as the organisation's peer."""
        alder = self._identities["alder"]
        server = grpc.aio.server(options=[("grpc.so_reuseport", 0)])
        server.add_generic_rpc_handlers(tuple(handlers))
        pair = (alder.peer_tls.key.read_bytes(), alder.peer_tls.cert.read_bytes())
        port = server.add_secure_port(f"127.0.0.1:{port}", grpc.ssl_server_credentials([pair]))
        await server.start()
        return server, port

    def channel(self, *ports: int) -> PeerChannel:
        """Return a channel to the peers at these ports."""
        tls = Tls.from_files(roots=self._identities["alder"].tls_ca.cert)
        addresses = [f"localhost:{port}" for port in ports]
        return PeerChannel("AlderMSP", [Peer(address, Endpoint(address, tls).channel()) for address in addresses])

    @asynccontextmanager
    async def relay(
        self,
        ports: Sequence[int],
        peer: FakePeer,
        *,
        allow: dict[str, Any] | None = None,
        evaluate: float = 60,
        **chosen: Any,
    ) -> AsyncIterator[Relayed]:
        """Run a relay to the peers at these ports."""
        alder = self._identities["alder"]
        channel = self.channel(*ports)
        roots, drain = Roots(MspId("AlderMSP"), alder.tls_ca.cert.read_bytes()), Drain()
        roots.announce({MspId("BirchMSP"): self._identities["birch"].tls_ca.cert.read_text()})
        rules = Rules(
            msp=MspId("AlderMSP"), channel="quorate", chaincode="quorate", functions=FUNCTIONS, **(allow or {})
        )
        relay = Relay(
            channel,
            Guard(Door(roots), rules, limits(**chosen), drain),
            TimeoutsSection(evaluate=evaluate, endorse=60, submit=60, commit_status=60),
        )
        server = GatewayServer(relay.handlers(), message_bytes=4_000_000)
        tls = TlsSection(
            certificate=alder.gateway_tls.cert,
            key=alder.gateway_tls.key,
            client_certificate=alder.gateway_client.cert,
            client_key=alder.gateway_client.key,
            ca=alder.tls_ca.cert,
        )
        listening = await server.start("127.0.0.1:0", credentials(tls, roots))
        try:
            yield Relayed(peer, listening, drain, server, alder)
        finally:
            drain.begin()
            await server.stop(0)
            await channel.close()
