"""Fabric's own client through the relay to a peer behind real TLS; and everything that the relay turns away."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.fabric import (
    ChaincodeRefusal,
    Deadlines,
    EndorseError,
    Endpoint,
    FileIdentity,
    Gateway,
    GatewayError,
    Tls,
    chaincode_refusal,
    connect,
)
from gateway.service.callers import Roots
from gateway.service.config import TimeoutsSection, TlsSection
from gateway.service.drain import Drain
from gateway.service.limiter import Rate, Slots
from gateway.service.methods import Door
from gateway.service.relay.forward import GATEWAY, Relay
from gateway.service.relay.guard import Guard
from gateway.service.relay.rules import Rules
from gateway.service.server import GatewayServer, credentials
from network.identity import OrganisationPaths, Role
from quorate.blocks import protos
from quorate.identifiers import MspId
from tests.unit.gateway.fabric.fake_peer import FakePeer, handlers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FUNCTIONS = frozenset({"round:Commit", "round:refuse", "round:Get"})
SHORT = Deadlines(evaluate=2, endorse=2, submit=2, commit_status=3, queue=1, reconnect=2, block=2)


@dataclass
class Relayed:
    """A peer, and a gateway before it."""

    peer: FakePeer
    port: int
    drain: Drain
    server: GatewayServer
    alder: OrganisationPaths

    def endpoint(self, paths: OrganisationPaths | None = None) -> Endpoint:
        pair = (paths or self.alder).agent_tls
        tls = Tls.from_files(roots=self.alder.tls_ca.cert, certificate=pair.cert, key=pair.key)
        return Endpoint(f"localhost:{self.port}", tls)

    @asynccontextmanager
    async def connected(
        self, msp: str = "AlderMSP", *, signer: OrganisationPaths | None = None, tls: OrganisationPaths | None = None
    ) -> AsyncIterator[Gateway]:
        pair = (signer or self.alder).identity(Role.AGENT)
        identity, key = FileIdentity(msp_id=msp, certificate=pair.cert, key=pair.key).load()
        async with connect(self.endpoint(tls), identity, key, deadlines=SHORT) as gateway:
            yield gateway


class Setup:
    def __init__(self, identities: dict[str, OrganisationPaths]) -> None:
        self._identities = identities

    @asynccontextmanager
    async def __call__(self, **limits: Any) -> AsyncIterator[Relayed]:
        alder = self._identities["alder"]
        der = x509.load_pem_x509_certificate(alder.agent_tls.cert.read_bytes()).public_bytes(Encoding.DER)
        peer = FakePeer(endorser=b"", tls_certificate_hash=hashlib.sha256(der).digest())
        behind = grpc.aio.server()
        behind.add_generic_rpc_handlers(handlers(peer))
        pair = (alder.peer_tls.key.read_bytes(), alder.peer_tls.cert.read_bytes())
        port = behind.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
        await behind.start()
        channel = Endpoint(f"localhost:{port}", Tls.from_files(roots=alder.tls_ca.cert)).channel()
        roots, drain = Roots(MspId("AlderMSP"), alder.tls_ca.cert.read_bytes()), Drain()
        roots.announce({MspId("BirchMSP"): self._identities["birch"].tls_ca.cert.read_text()})
        rules = Rules(msp=MspId("AlderMSP"), channel="quorate", chaincode="quorate", functions=FUNCTIONS)
        chosen = {"rate": Rate(1000, burst=1000), "calls": Slots(10), "streams": Slots(3), "message_bytes": 100_000}
        guard = Guard(Door(roots), rules, drain=drain, **(chosen | limits))
        relay = Relay(channel, guard, TimeoutsSection(evaluate=1, commit_status=5))
        server = GatewayServer(relay.handlers(), message_bytes=4_000_000)
        tls = TlsSection(
            certificate=alder.gateway_tls.cert,
            key=alder.gateway_tls.key,
            client_certificate=alder.gateway_client.cert,
            client_key=alder.gateway_client.key,
            ca=alder.tls_ca.cert,
        )
        listening = await server.start("127.0.0.1:0", credentials(tls, roots))
        yield Relayed(peer, listening, drain, server, alder)
        drain.begin()
        await server.stop(0)
        await channel.close()
        await behind.stop(0)


@pytest.fixture
def setup(identities: dict[str, OrganisationPaths]) -> Setup:
    return Setup(identities)


@pytest.fixture
async def relayed(setup: Setup) -> AsyncIterator[Relayed]:
    async with setup() as made:
        yield made


async def test_a_transaction_passes_through_all_four_calls(relayed: Relayed) -> None:
    async with relayed.connected() as gateway:
        contract = gateway.network("quorate").contract("quorate")
        assert await contract.evaluate("round:Get", "{}") == b"round:Get|{}"
        assert await contract.submit("round:Commit", "{}") == b"round:Commit|{}"
    assert relayed.peer.calls == ["Evaluate", "Endorse", "Submit", "CommitStatus"]


async def test_the_request_reaches_the_peer_byte_for_byte(relayed: Relayed) -> None:
    async with relayed.connected() as gateway:
        proposal = gateway.network("quorate").contract("quorate").new_proposal("round:Get", "{}")
        await proposal.evaluate()
    (sent,) = relayed.peer.requests["Evaluate"]
    wanted = protos.ProposedTransaction.FromString(proposal.bytes).proposal.proposal_bytes
    assert sent.proposed_transaction.proposal_bytes == wanted


async def test_the_peers_error_details_pass_unchanged(relayed: Relayed) -> None:
    async with relayed.connected() as gateway:
        contract = gateway.network("quorate").contract("quorate")
        with pytest.raises(EndorseError) as caught:
            await contract.submit("round:refuse", "INVALID_STATE: round 1 is OPEN")
        assert caught.value.status is grpc.StatusCode.ABORTED
        assert [(d.msp_id, d.address) for d in caught.value.details] == [("Org1MSP", "peer0.org1:7051")]
        assert chaincode_refusal(caught.value) == ChaincodeRefusal(code="INVALID_STATE", message="round 1 is OPEN")


async def test_chaincode_events_and_blocks_pass_through(relayed: Relayed) -> None:
    async with relayed.connected() as gateway:
        network = gateway.network("quorate")
        async with network.chaincode_events("quorate", start_block=0) as events:
            await network.contract("quorate").submit("round:Commit", "{}")
            event = await anext(events)
            assert (event.block_number, event.payload) == (1, b"{}")
        async with aclosing(network.blocks(0, 1)) as blocks:
            assert [block.header.number async for block in blocks] == [0, 1]


async def test_another_organisations_agent_is_turned_away_by_its_certificate(
    relayed: Relayed, identities: dict[str, OrganisationPaths]
) -> None:
    async with relayed.connected("BirchMSP", signer=identities["birch"], tls=identities["birch"]) as gateway:
        with pytest.raises(GatewayError) as caught:
            await gateway.network("quorate").contract("quorate").evaluate("round:Get", "{}")
    assert caught.value.status is grpc.StatusCode.PERMISSION_DENIED
    assert "own organisation" in str(caught.value)
    assert relayed.peer.calls == []


async def test_a_foreign_creator_is_turned_away_on_a_connection_of_the_own_organisation(
    relayed: Relayed, identities: dict[str, OrganisationPaths]
) -> None:
    async with relayed.connected("BirchMSP", signer=identities["birch"]) as gateway:
        network = gateway.network("quorate")
        for call in (
            network.contract("quorate").evaluate("round:Get", "{}"),
            network.contract("quorate").submit("round:Commit", "{}"),
            anext(network.chaincode_events("quorate", start_block=0)),
            anext(network.blocks(0, 1)),
        ):
            with pytest.raises(GatewayError, match="relays for AlderMSP only") as caught:
                await call
            assert caught.value.status is grpc.StatusCode.PERMISSION_DENIED
    assert relayed.peer.calls == []


@pytest.mark.parametrize(
    ("channel", "chaincode", "function", "words"),
    [
        ("other", "quorate", "round:Get", "channel quorate only"),
        ("quorate", "qscc", "round:Get", "chaincode quorate only"),
        ("quorate", "_lifecycle", "round:Get", "chaincode quorate only"),
        ("quorate", "quorate", "round:get", "does not relay the function"),
        ("quorate", "quorate", "org.hyperledger.fabric:GetMetadata", "does not relay the function"),
    ],
)
async def test_channel_chaincode_and_function_are_on_a_list_of_what_is_allowed(
    relayed: Relayed, channel: str, chaincode: str, function: str, words: str
) -> None:
    async with relayed.connected() as gateway:
        contract = gateway.network(channel).contract(chaincode)
        for call in (contract.evaluate(function, "{}"), contract.submit(function, "{}")):
            with pytest.raises(GatewayError, match=words) as caught:
                await call
            assert caught.value.status is grpc.StatusCode.PERMISSION_DENIED
    assert relayed.peer.calls == []


async def test_a_submit_is_read_as_closely_as_an_endorsement(relayed: Relayed) -> None:
    async with relayed.connected() as gateway:
        proposal = gateway.network("quorate").contract("quorate").new_proposal("round:Commit", "{}")
        transaction = await proposal.endorse()
    prepared = protos.PreparedTransaction.FromString(transaction.bytes)
    payload = protos.Payload.FromString(prepared.envelope.payload)
    inner = protos.Transaction.FromString(payload.data)
    inner.actions.append(inner.actions[0])
    payload.data = inner.SerializeToString()
    prepared.envelope.payload = payload.SerializeToString()
    request = protos.SubmitRequest(
        transaction_id=prepared.transaction_id, channel_id="quorate", prepared_transaction=prepared.envelope
    )
    code, words = await raw(relayed, "Submit", request.SerializeToString())
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert words == "INVALID_ARGUMENT: a transaction holds one action, not 2"


@pytest.mark.parametrize("method", ["Evaluate", "Endorse", "Submit", "CommitStatus"])
async def test_bytes_that_are_no_request_are_malformed_or_nobodys(relayed: Relayed, method: str) -> None:
    for data in (b"\xff\xff\xff", b""):
        code, _ = await raw(relayed, method, data)
        assert code in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED}
    assert relayed.peer.calls == []


async def test_a_request_that_names_two_channels_is_refused(relayed: Relayed) -> None:
    async with relayed.connected() as gateway:
        proposal = gateway.network("elsewhere").contract("quorate").new_proposal("round:Get", "{}")
    proposed = protos.ProposedTransaction.FromString(proposal.bytes)
    request = protos.EvaluateRequest(
        transaction_id=proposed.transaction_id, channel_id="quorate", proposed_transaction=proposed.proposal
    )
    code, words = await raw(relayed, "Evaluate", request.SerializeToString())
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "'quorate'" in words
    assert "'elsewhere'" in words


async def test_too_large_a_request_is_refused(relayed: Relayed) -> None:
    async with relayed.connected() as gateway:
        with pytest.raises(GatewayError) as caught:
            await gateway.network("quorate").contract("quorate").evaluate("round:Get", "x" * 100_000)
    assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_an_identity_that_calls_too_often_is_slowed_down(setup: Setup) -> None:
    async with setup(rate=Rate(0.001, burst=2)) as relayed, relayed.connected() as gateway:
        contract = gateway.network("quorate").contract("quorate")
        await contract.evaluate("round:Get", "{}")
        await contract.evaluate("round:Get", "{}")
        with pytest.raises(GatewayError, match="calls a second") as caught:
            await contract.evaluate("round:Get", "{}")
        assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_calls_and_streams_at_once_are_bounded(setup: Setup) -> None:
    async with setup(calls=Slots(1), streams=Slots(1)) as relayed, relayed.connected() as gateway:
        network = gateway.network("quorate")
        relayed.peer.stall.add("Evaluate")
        waiting = asyncio.create_task(network.contract("quorate").evaluate("round:Get", "{}"))
        await relayed.peer.until(lambda: relayed.peer.in_flight == 1)
        with pytest.raises(GatewayError, match="1 such calls open") as caught:
            await network.contract("quorate").submit("round:Commit", "{}")
        assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED
        waiting.cancel()
        async with network.chaincode_events("quorate", start_block=0) as events:
            reading = asyncio.create_task(anext(events))
            await relayed.peer.until(lambda: relayed.peer.streaming == 1)
            with pytest.raises(GatewayError, match="1 such calls open"):
                await anext(network.chaincode_events("quorate", start_block=0))
            reading.cancel()


async def test_a_callers_deadline_and_the_gateways_own_hold_at_the_peer(relayed: Relayed) -> None:
    relayed.peer.stall.add("Evaluate")
    async with relayed.connected() as gateway:
        proposal = gateway.network("quorate").contract("quorate").new_proposal("round:Get", "{}")
    proposed = protos.ProposedTransaction.FromString(proposal.bytes)
    request = protos.EvaluateRequest(
        transaction_id=proposed.transaction_id, channel_id="quorate", proposed_transaction=proposed.proposal
    ).SerializeToString()
    loop = asyncio.get_running_loop()
    for timeout, least, most in ((0.2, 0.15, 0.8), (None, 0.9, 3.0)):
        started = loop.time()
        code, _ = await raw(relayed, "Evaluate", request, timeout=timeout)
        assert code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert least < loop.time() - started < most
    await relayed.peer.until(lambda: relayed.peer.cancelled == ["Evaluate", "Evaluate"])


async def test_a_caller_that_goes_away_takes_its_call_along(relayed: Relayed) -> None:
    relayed.peer.stall.add("Evaluate")
    async with relayed.connected() as gateway:
        task = asyncio.create_task(gateway.network("quorate").contract("quorate").evaluate("round:Get", "{}"))
        await relayed.peer.until(lambda: relayed.peer.in_flight == 1)
        task.cancel()
        await relayed.peer.until(lambda: relayed.peer.cancelled == ["Evaluate"])


async def test_streams_end_when_the_gateway_stops(relayed: Relayed) -> None:
    async with (
        relayed.connected() as gateway,
        gateway.network("quorate").chaincode_events("quorate", start_block=0) as events,
    ):
        reading = asyncio.create_task(anext(events))
        await relayed.peer.until(lambda: relayed.peer.streaming == 1)
        relayed.drain.begin()
        async with asyncio.timeout(3):
            await relayed.server.stop(10)
        reading.cancel()


async def raw(relayed: Relayed, method: str, data: bytes, timeout: float | None = 5) -> tuple[grpc.StatusCode, str]:  # noqa: ASYNC109 - gRPC's own
    async with relayed.endpoint().channel() as channel:
        call = channel.unary_unary(f"/{GATEWAY}/{method}")(data, timeout=timeout)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
    return caught.value.code(), caught.value.details()
