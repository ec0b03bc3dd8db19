"""One organisation's gateway for tests: the real services on a real server with mutual TLS, over a ledger in memory."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.artifacts.bounds import SizeLimits
from gateway.artifacts.store import ArtifactStore
from gateway.service.artifacts import ArtifactsService
from gateway.service.callers import Roots
from gateway.service.client import GatewayClient, connect_gateway
from gateway.service.config import TlsSection
from gateway.service.drain import Drain
from gateway.service.health import HealthService
from gateway.service.limiter import Slots
from gateway.service.methods import Door
from gateway.service.policy import LedgerPolicies
from gateway.service.reflection import ReflectionService
from gateway.service.server import GatewayServer, credentials
from gateway.service.state import Projection
from gateway.service.studies import StudiesService
from quorate.records.consortium import MemberView

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from network.identity import KeyPair, OrganisationPaths
    from quorate.identifiers import MspId
    from tests.unit.gateway.service.ledger_double import LedgerDouble

LIMITS = SizeLimits(plan=4_000_000, model=64_000_000, evaluation=4_000_000)


@dataclass
class House:
    """A gateway that can be started, stopped and started again on the same port and directory."""

    msp: MspId
    paths: OrganisationPaths
    directory: Path
    ledger: LedgerDouble
    transfers: int = 16
    port: int = 0
    reflection: bool = False
    free: int = 2**40
    grace: float = 0

    async def start(self) -> None:
        self.store = await ArtifactStore.open(self.directory, reserve=0, room=lambda _: self.free)
        self.state = Projection(self.msp, self.ledger)
        self.roots = Roots(self.msp, self.paths.tls_ca.cert.read_bytes())
        self.drain = Drain()
        self.health = HealthService([], Slots(4, limit="limits.streams_at_once"), self.drain)
        self.door = Door(self.roots)
        await self.learn()
        policies = LedgerPolicies(lambda: self.state.policy)
        artifacts = ArtifactsService(
            self.store,
            self.state,
            policies,
            limits=LIMITS,
            slots=Slots(self.transfers, limit="limits.transfers_at_once"),
        )
        studies = StudiesService(self.state, Slots(4, limit="limits.streams_at_once"), self.drain)
        services = [artifacts, studies, self.health]
        if self.reflection:
            services.append(ReflectionService([], self.drain))
        handlers = [service.handlers(self.door) for service in services]
        self.services = {handler.service_name(): handler for handler in handlers}
        self.server = GatewayServer(handlers, message_bytes=4 * 1024 * 1024)
        tls = TlsSection(
            certificate=self.paths.gateway_tls.cert,
            key=self.paths.gateway_tls.key,
            client_certificate=self.paths.gateway_client.cert,
            client_key=self.paths.gateway_client.key,
            ca=self.paths.tls_ca.cert,
        )
        self.port = await self.server.start(f"127.0.0.1:{self.port}", credentials(tls, self.roots))

    async def learn(self) -> None:
        """Read the ledger, and follow what the members announce."""
        await self.state.load()
        self.roots.announce({m.msp: m.tls_root for m in self.state.members.values() if m.tls_root})

    async def stop(self) -> None:
        self.drain.begin()
        await self.server.stop(self.grace)

    @property
    def member(self) -> MemberView:
        root = self.paths.tls_ca.cert.read_text()
        return MemberView(msp=self.msp, address=f"localhost:{self.port or 1}", tls_root=root)

    @asynccontextmanager
    async def client(self, pair: KeyPair | None = None) -> AsyncIterator[GatewayClient]:
        """Connect with a TLS pair; the organisation's own agent's by default."""
        pair = pair or self.paths.agent_tls
        async with connect_gateway(
            f"localhost:{self.port}", tls_ca=self.paths.tls_ca.cert, cert=pair.cert, key=pair.key, name=self.msp
        ) as client:
            yield client
