"""The relay's limits: each is named to whoever reaches it, and nobody who stays within them pays for others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import GatewayError
from gateway.service.limiter import Rate, Slots
from gateway.service.relay.forward import GATEWAY
from gateway.service.relay.turns import Turns
from quorate.blocks import protos
from tests.unit.gateway.service.relayed import Relayed, Setup, evaluation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


async def test_too_large_a_request_is_refused(relayed: Relayed) -> None:
    async with relayed.connected() as gateway:
        with pytest.raises(GatewayError, match=r"more than the 100000 of limits\.message_bytes: send less") as caught:
            await gateway.network("quorate").contract("quorate").evaluate("round:Get", "x" * 100_000)
    assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_an_identity_that_calls_too_often_is_slowed_down(setup: Setup) -> None:
    async with setup(rate=Rate(0.001, burst=2)) as relayed, relayed.connected() as gateway:
        contract = gateway.network("quorate").contract("quorate")
        await contract.evaluate("round:Get", "{}")
        await contract.evaluate("round:Get", "{}")
        with pytest.raises(
            GatewayError, match=r"limits\.calls_per_second allows after a burst of 2: call less often"
        ) as caught:
            await contract.evaluate("round:Get", "{}")
        assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_calls_and_streams_at_once_are_bounded(setup: Setup) -> None:
    async with setup(calls=one("calls"), streams=one("streams")) as relayed, relayed.connected() as gateway:
        network = gateway.network("quorate")
        relayed.peer.stall.add("Evaluate")
        waiting = asyncio.create_task(network.contract("quorate").evaluate("round:Get", "{}"))
        await relayed.peer.until(lambda: relayed.peer.in_flight == 1)
        with pytest.raises(GatewayError, match=r"as many as limits\.calls_at_once allows: end one") as caught:
            await network.contract("quorate").submit("round:Commit", "{}")
        assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED
        waiting.cancel()
        async with network.chaincode_events("quorate", start_block=0) as events:
            reading = asyncio.create_task(anext(events))
            await relayed.peer.until(lambda: relayed.peer.streaming == 1)
            with pytest.raises(GatewayError, match=r"as many as limits\.streams_at_once allows: end one"):
                await anext(network.chaincode_events("quorate", start_block=0))
            reading.cancel()


def one(kind: str) -> Slots:
    return Slots(1, limit=f"limits.{kind}_at_once")


async def test_a_place_is_free_again_when_its_holder_goes_away(setup: Setup) -> None:
    async with setup(calls=one("calls"), streams=one("streams")) as relayed:
        relayed.peer.stall.add("Evaluate")
        async with relayed.connected() as gateway:
            network = gateway.network("quorate")
            waiting = asyncio.create_task(network.contract("quorate").evaluate("round:Get", "{}"))
            reading = asyncio.create_task(anext(network.chaincode_events("quorate", start_block=0)))
            await relayed.peer.until(lambda: relayed.peer.in_flight == relayed.peer.streaming == 1)
        # The connection is closed, not the calls.
        await asyncio.wait({waiting, reading}, timeout=60)
        await relayed.peer.until(lambda: set(relayed.peer.cancelled) == {"Evaluate", "ChaincodeEvents"})
        relayed.peer.stall.clear()
        async with relayed.connected() as gateway:
            network = gateway.network("quorate")
            await network.contract("quorate").submit("round:Commit", "{}")
            assert (await anext(network.chaincode_events("quorate", start_block=0))).block_number == 1


async def test_all_streams_together_are_bounded(setup: Setup) -> None:
    few = Slots(1, limit="limits.peer_streams_at_once", who="this gateway")
    async with setup(peer_streams=few) as relayed, relayed.connected() as gateway:
        network = gateway.network("quorate")
        reading = asyncio.create_task(anext(network.chaincode_events("quorate", start_block=0)))
        await relayed.peer.until(lambda: relayed.peer.streaming == 1)
        async with relayed.connected(tls=relayed.alder.gateway_client) as other:
            with pytest.raises(GatewayError, match=r"this gateway has 1 .* limits\.peer_streams_at_once") as caught:
                await anext(other.network("quorate").chaincode_events("quorate", start_block=0))
        assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED
        reading.cancel()


async def test_a_flood_of_one_identity_leaves_the_others_their_turn(setup: Setup) -> None:
    slow = asyncio.Event()
    served: list[bytes] = []

    async def evaluate(data: bytes, _context: grpc.aio.ServicerContext) -> bytes:
        served.append(data)
        await slow.wait()
        await asyncio.sleep(0.01)
        return b""

    method = grpc.unary_unary_rpc_method_handler(evaluate)
    service = grpc.method_handlers_generic_handler(GATEWAY, {"Evaluate": method})
    places = Turns(2, seconds=100, limit="limits.peer_calls_at_once")
    many = Slots(200, limit="limits.calls_at_once")
    async with setup.before([service], peer_calls=places, calls=many) as relayed:
        async with relayed.connected() as gateway:
            flood, polite = evaluation(gateway), evaluation(gateway)
        async with (
            relayed.endpoint().channel() as flooding,
            relayed.endpoint(relayed.alder.gateway_client).channel() as calm,
        ):
            ask = flooding.unary_unary(f"/{GATEWAY}/Evaluate")
            waiting = [asyncio.create_task(_result(ask(flood, timeout=100))) for _ in range(150)]
            await _until(lambda: (len(served), [len(each) for each in places._waiting.values()]) == (2, [148]))
            answer = asyncio.create_task(_result(calm.unary_unary(f"/{GATEWAY}/Evaluate")(polite, timeout=100)))
            await _until(lambda: len(places._waiting) == 2)
            slow.set()
            await asyncio.gather(answer, *waiting)
    assert len(served) == 151
    assert served.index(polite) < 10


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(100):
        while not condition():  # noqa: ASYNC110 - the relay and the peer are behind sockets
            await asyncio.sleep(0.01)


async def _result(call: grpc.aio.UnaryUnaryCall) -> bytes:
    # A task of its own: gRPC's call objects are no coroutines.
    return await call


async def test_who_waits_too_long_for_a_place_is_told_why(setup: Setup) -> None:
    places = Turns(1, seconds=0.1, limit="limits.peer_calls_at_once")
    async with setup(peer_calls=places) as relayed, relayed.connected() as gateway:
        relayed.peer.stall.add("Evaluate")
        contract = gateway.network("quorate").contract("quorate")
        waiting = asyncio.create_task(contract.evaluate("round:Get", "{}"))
        await relayed.peer.until(lambda: relayed.peer.in_flight == 1)
        with pytest.raises(GatewayError, match=r"all 1 places at the peer were taken .*peer_calls_at_once") as caught:
            await contract.evaluate("round:Get", "{}")
        assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED
        waiting.cancel()


async def test_a_reader_that_stops_reading_stops_the_peer(setup: Setup) -> None:
    size, total, sent = 50_000, 2_000, 0

    async def events(_data: bytes, _context: grpc.aio.ServicerContext) -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(total):
            sent += 1
            yield bytes(size)

    method = grpc.unary_stream_rpc_method_handler(events)
    service = grpc.method_handlers_generic_handler(GATEWAY, {"ChaincodeEvents": method})
    async with setup.before([service]) as relayed:
        creator = protos.SerializedIdentity(mspid="AlderMSP").SerializeToString()
        asked = protos.ChaincodeEventsRequest(channel_id="quorate", chaincode_id="quorate", identity=creator)
        request = protos.SignedChaincodeEventsRequest(request=asked.SerializeToString()).SerializeToString()
        async with relayed.endpoint().channel() as channel:
            call = channel.unary_stream(f"/{GATEWAY}/ChaincodeEvents")(request)
            assert len(await call.read()) == size
            still = -1
            async with asyncio.timeout(60):
                while sent != still:
                    still = sent
                    await asyncio.sleep(0.5)
            # What lies in sockets and windows between peer, gateway and reader: a few megabytes of the hundred.
            assert sent * size < 20_000_000
            async with asyncio.timeout(200):
                read = 1
                while read < total:
                    assert len(await call.read()) == size
                    read += 1
    assert sent == total
