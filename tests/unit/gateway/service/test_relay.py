"""Fabric's own client through the relay to a peer behind real TLS; and everything that the relay turns away."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.fabric import ChaincodeRefusal, EndorseError, GatewayError, chaincode_refusal
from gateway.service.limiter import Rate
from gateway.service.relay.forward import DELIVER, GATEWAY
from gateway.service.relay.rules import Allowed
from quorate.blocks import protos
from quorate.digest import digest_of
from tests.unit.gateway.service.relayed import Relayed, Setup, evaluation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from network.identity import OrganisationPaths


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
    async with relayed.connected("BirchMSP", signer=identities["birch"], tls=identities["birch"].agent_tls) as gateway:
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


def of_two_actions(payload: protos.AnyMessage) -> None:
    inner = protos.Transaction.FromString(payload.data)
    inner.actions.append(inner.actions[0])
    payload.data = inner.SerializeToString()


def of_another_chaincode(payload: protos.AnyMessage) -> None:
    """Peers go by the header, whatever the payload names."""
    header = protos.ChannelHeader.FromString(payload.header.channel_header)
    extension = protos.ChaincodeHeaderExtension(chaincode_id=protos.ChaincodeID(name="another"))
    header.extension = extension.SerializeToString()
    payload.header.channel_header = header.SerializeToString()


@pytest.mark.parametrize(
    ("alter", "words"),
    [
        (of_two_actions, "a transaction holds one action, not 2"),
        (of_another_chaincode, "the header names chaincode 'another' and the payload 'quorate'"),
    ],
)
async def test_a_submit_is_read_as_closely_as_an_endorsement(
    relayed: Relayed, alter: Callable[[protos.AnyMessage], None], words: str
) -> None:
    async with relayed.connected() as gateway:
        proposal = gateway.network("quorate").contract("quorate").new_proposal("round:Commit", "{}")
        transaction = await proposal.endorse()
    prepared = protos.PreparedTransaction.FromString(transaction.bytes)
    payload = protos.Payload.FromString(prepared.envelope.payload)
    alter(payload)
    prepared.envelope.payload = payload.SerializeToString()
    request = protos.SubmitRequest(
        transaction_id=prepared.transaction_id, channel_id="quorate", prepared_transaction=prepared.envelope
    )
    code, found = await relayed.raw("Submit", request.SerializeToString())
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert found == f"INVALID_ARGUMENT: {words}"


@pytest.mark.parametrize("method", ["Evaluate", "Endorse", "Submit", "CommitStatus"])
async def test_bytes_that_are_no_request_are_malformed_or_nobodys(relayed: Relayed, method: str) -> None:
    for data in (b"\xff\xff\xff", b""):
        code, _ = await relayed.raw(method, data)
        assert code in {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED}
    assert relayed.peer.calls == []


async def test_a_request_that_names_two_channels_is_refused(relayed: Relayed) -> None:
    async with relayed.connected() as gateway:
        request = evaluation(gateway, "elsewhere")
    code, words = await relayed.raw("Evaluate", request)
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert "'quorate'" in words
    assert "'elsewhere'" in words


@pytest.mark.parametrize(("callers", "gateways", "least"), [(2, 60, 1.8), (60, 1, 0.9), (None, 1, 0.9)])
async def test_the_shorter_of_a_callers_deadline_and_the_gateways_own_holds_at_the_peer(
    setup: Setup, callers: float | None, gateways: float, least: float
) -> None:
    async with setup(evaluate=gateways) as relayed:
        async with relayed.connected() as gateway:
            request = evaluation(gateway)
            await gateway.network("quorate").contract("quorate").submit("round:Commit", "{}")  # all are connected
        relayed.peer.stall.add("Evaluate")
        loop = asyncio.get_running_loop()
        started = loop.time()
        async with asyncio.timeout(30):
            code, _ = await relayed.raw("Evaluate", request, timeout=callers)
        assert code is grpc.StatusCode.DEADLINE_EXCEEDED
        assert loop.time() - started > least
        await relayed.peer.until(lambda: relayed.peer.cancelled == ["Evaluate"])


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
        async with asyncio.timeout(60):
            await relayed.server.stop(200)
        reading.cancel()


async def test_blocks_with_private_data_are_the_peers_own_to_give(relayed: Relayed) -> None:
    async with relayed.endpoint().channel() as channel:
        call = channel.stream_stream(f"/{DELIVER}/DeliverWithPrivateData")()
        with pytest.raises(grpc.aio.AioRpcError, match="but no private data: ask for blocks without") as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert relayed.peer.calls == []


async def test_metadata_stay_on_their_side(setup: Setup) -> None:
    heard: list[str] = []

    async def evaluate(_data: bytes, context: grpc.aio.ServicerContext) -> bytes:
        heard.extend(key for key, _ in context.invocation_metadata())
        await context.send_initial_metadata((("x-peer", "inside"),))
        details = (("grpc-status-details-bin", b"\x08\x0a"), ("x-peer", "inside"), ("x-bin", b"\0"))
        await context.abort(grpc.StatusCode.ABORTED, "no", details)
        return b""

    method = grpc.unary_unary_rpc_method_handler(evaluate)
    service = grpc.method_handlers_generic_handler(GATEWAY, {"Evaluate": method})
    async with setup.before([service]) as relayed:
        async with relayed.connected() as gateway:
            request = evaluation(gateway)
        async with relayed.endpoint().channel() as channel:
            sent = (("authorization", "Bearer secret"), ("traceparent", "00-1"), ("x-any-bin", b"\1"))
            call = channel.unary_unary(f"/{GATEWAY}/Evaluate")(request, timeout=60, metadata=sent)
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            began = dict(await call.initial_metadata())
    assert set(heard) <= {"user-agent", "accept-encoding", "grpc-accept-encoding"}
    assert "x-peer" not in began
    assert dict(caught.value.trailing_metadata()) == {"grpc-status-details-bin": b"\x08\x0a"}


@pytest.fixture
def agent(identities: dict[str, OrganisationPaths]) -> str:
    """The digest of the TLS certificate that callers show here."""
    pem = identities["alder"].agent_tls.cert.read_bytes()
    return digest_of(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER))


async def test_a_listed_caller_may_do_what_is_listed_and_nothing_else(setup: Setup, agent: str) -> None:
    allow = {"listed": {agent: Allowed(functions=frozenset({"round:Get", "study:Get"}))}}
    async with setup(allow=allow) as relayed, relayed.connected() as gateway:
        network = gateway.network("quorate")
        contract = network.contract("quorate")
        assert await contract.evaluate("round:Get", "{}") == b"round:Get|{}"
        for call, words in (
            (contract.submit("round:Commit", "{}"), f"callers does not allow round:Commit to {agent}"),
            (contract.evaluate("study:Get", "{}"), "limits.functions does not name it"),
            (anext(network.chaincode_events("quorate", start_block=0)), "does not allow chaincode events to sha256:"),
            (anext(network.blocks(0, 1)), "does not allow blocks to sha256:"),
        ):
            with pytest.raises(GatewayError, match=words) as caught:
                await call
            assert caught.value.status is grpc.StatusCode.PERMISSION_DENIED
        async with relayed.connected(tls=relayed.alder.gateway_client) as other:
            await other.network("quorate").contract("quorate").submit("round:Commit", "{}")
    assert relayed.peer.calls == ["Evaluate", "Endorse", "Submit", "CommitStatus"]


async def test_a_listed_caller_may_have_events_and_blocks(setup: Setup, agent: str) -> None:
    allow = {"listed": {agent: Allowed(functions=frozenset({"round:Commit"}), events=True, blocks=True)}}
    async with setup(allow=allow) as relayed, relayed.connected() as gateway:
        network = gateway.network("quorate")
        await network.contract("quorate").submit("round:Commit", "{}")
        assert (await anext(network.chaincode_events("quorate", start_block=0))).block_number == 1
        assert [block.header.number async for block in network.blocks(0, 1)] == [0, 1]


async def test_callers_that_are_not_listed_may_be_left_out_altogether(setup: Setup, agent: str) -> None:
    async with setup(allow={"unlisted": False}) as relayed, relayed.connected() as gateway:
        network = gateway.network("quorate")
        for call in (network.contract("quorate").evaluate("round:Get", "{}"), anext(network.blocks(0, 1))):
            with pytest.raises(GatewayError, match=f"for those that callers lists only, not for {agent}") as caught:
                await call
            assert caught.value.status is grpc.StatusCode.PERMISSION_DENIED
    assert relayed.peer.calls == []


async def test_every_request_for_blocks_counts_as_a_call(setup: Setup) -> None:
    creator = protos.SerializedIdentity(mspid="AlderMSP").SerializeToString()
    header = protos.Header(
        channel_header=protos.ChannelHeader(type=5, channel_id="quorate").SerializeToString(),
        signature_header=protos.SignatureHeader(creator=creator).SerializeToString(),
    )
    envelope = protos.Envelope(payload=protos.Payload(header=header).SerializeToString()).SerializeToString()

    async def deliver(requests: AsyncIterator[bytes], _context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        async for _ in requests:
            yield b""

    method = grpc.stream_stream_rpc_method_handler(deliver)
    service = grpc.method_handlers_generic_handler(DELIVER, {"Deliver": method})
    async with setup.before([service], rate=Rate(0.001, burst=3)) as relayed, relayed.endpoint().channel() as channel:
        call = channel.stream_stream(f"/{DELIVER}/Deliver")()
        for _ in range(3):
            await call.write(envelope)
            assert await call.read() == b""
        await call.write(envelope)
        with pytest.raises(grpc.aio.AioRpcError, match=r"limits\.calls_per_second") as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_stream_of_blocks_that_asks_for_nothing_ends(relayed: Relayed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.service.relay.forward._FIRST_SECONDS", 0.2)
    async with relayed.endpoint().channel() as channel:
        call = channel.stream_stream(f"/{DELIVER}/Deliver")()
        with pytest.raises(grpc.aio.AioRpcError, match="no request for blocks came within") as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert relayed.peer.calls == []


async def test_a_stream_of_blocks_that_asks_for_none_never_reaches_the_peer(relayed: Relayed) -> None:
    async with relayed.endpoint().channel() as channel:
        call = channel.stream_stream(f"/{DELIVER}/Deliver")()
        await call.done_writing()
        with pytest.raises(grpc.aio.AioRpcError, match="begins with a request") as caught:
            await call.read()
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert relayed.peer.calls == []
