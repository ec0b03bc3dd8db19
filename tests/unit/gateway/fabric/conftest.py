from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.fabric import Deadlines, Endpoint, Gateway, Identity, PrivateKeySigner, Tls, connect
from tests.unit.gateway.fabric.authority import Authority, Issued
from tests.unit.gateway.fabric.fake_peer import FakePeer, handlers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

# Nothing here is about time, unless a test says so and shortens the one that it is about.
PATIENT = Deadlines(evaluate=60, endorse=60, submit=60, commit_status=60, queue=60, reconnect=60, block=60, resubmit=60)


@dataclass(frozen=True)
class Served:
    """The peer, where it is, and who may speak to it."""

    peer: FakePeer
    port: int
    tls: Tls
    identity: Identity
    signer: PrivateKeySigner

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(f"localhost:{self.port}", self.tls)


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="session")
def client_certificate(authority: Authority) -> Issued:
    return authority.issue("client")


@pytest.fixture(scope="session")
def server_certificate(authority: Authority) -> Issued:
    return authority.issue("server")


@pytest.fixture
async def served(authority: Authority, client_certificate: Issued, server_certificate: Issued) -> AsyncIterator[Served]:
    der = client_certificate.certificate.public_bytes(Encoding.DER)
    peer = FakePeer(endorser=server_certificate.certificate_pem, tls_certificate_hash=hashlib.sha256(der).digest())
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(handlers(peer))
    credentials = grpc.ssl_server_credentials(
        [(server_certificate.key_pem, server_certificate.certificate_pem)],
        root_certificates=authority.pem,
        require_client_auth=True,
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    tls = Tls(roots=authority.pem, certificate=client_certificate.certificate_pem, key=client_certificate.key_pem)
    identity = Identity("Org1MSP", client_certificate.certificate_pem)
    yield Served(peer, port, tls, identity, PrivateKeySigner(client_certificate.key))
    await server.stop(grace=None)


@pytest.fixture
def peer(served: Served) -> FakePeer:
    return served.peer


@pytest.fixture
async def gateway(served: Served) -> AsyncIterator[Gateway]:
    async with connect(served.endpoint, served.identity, served.signer, deadlines=PATIENT) as connected:
        yield connected
