from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import (
    ChaincodeEvent,
    FileCheckpointer,
    GatewayError,
    InMemoryCheckpointer,
    Limits,
    TxValidationCode,
    connect,
)
from quorate.blocks import protos
from quorate.errors import UsageError
from tests.unit.gateway.fabric.conftest import PATIENT
from tests.unit.gateway.fabric.fake_peer import Fault

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.fabric import EventStream, Gateway, Network
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer

VALID, CONFLICT = TxValidationCode.VALID, TxValidationCode.MVCC_READ_CONFLICT


@pytest.fixture
def network(gateway: Gateway) -> Network:
    return gateway.network("quorate")


@pytest.fixture
async def history(peer: FakePeer) -> list[str]:
    """Three blocks of valid and invalid transactions; returns the valid ones in order."""
    await peer.commit(("a", b"", VALID), ("b", b"", CONFLICT), ("c", b"", VALID))
    await peer.commit(("d", b"", CONFLICT))
    await peer.commit(("e", b"", VALID), ("f", b"", VALID))
    return ["a", "c", "e", "f"]


async def take(stream: EventStream[ChaincodeEvent], count: int) -> list[str]:
    async with asyncio.timeout(60):
        return [(await anext(stream)).transaction_id for _ in range(count)]


async def test_events_of_valid_transactions_come_in_order(network: Network, history: list[str]) -> None:
    async with network.chaincode_events("quorate", start_block=0) as events:
        assert await take(events, 4) == history


async def test_an_event_says_where_it_is_from(network: Network, history: list[str]) -> None:
    async with network.chaincode_events("quorate", start_block=3) as events:
        assert await anext(events) == ChaincodeEvent(
            block_number=3, transaction_id=history[2], chaincode_name="quorate", event_name="done", payload=b"{}"
        )


async def test_without_a_start_only_what_is_committed_from_now_on_comes(
    network: Network, peer: FakePeer, history: list[str]
) -> None:
    async with network.chaincode_events("quorate") as events:
        first = asyncio.ensure_future(anext(events))
        await peer.until(lambda: peer.streaming == 1)
        await network.contract("quorate").submit("f")
        assert (await first).transaction_id not in history


async def test_a_checkpoint_resumes_after_what_was_dealt_with(network: Network, history: list[str]) -> None:
    checkpointer = InMemoryCheckpointer()
    seen = []
    for _ in history:
        async with network.chaincode_events("quorate", start_block=0, checkpoint=checkpointer) as events:
            event = await anext(events)
            seen.append(event.transaction_id)
            checkpointer.checkpoint_chaincode_event(event)
    assert seen == history


async def test_a_file_checkpoint_resumes_in_another_process(
    network: Network, history: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "checkpoint.json"
    seen = []
    for _ in history:
        checkpointer = FileCheckpointer(path)
        async with network.chaincode_events("quorate", start_block=0, checkpoint=checkpointer) as events:
            event = await anext(events)
            seen.append(event.transaction_id)
            checkpointer.checkpoint_chaincode_event(event)
    assert seen == history


async def test_an_event_that_was_not_dealt_with_comes_again(network: Network, history: list[str]) -> None:
    checkpointer = InMemoryCheckpointer()
    async with network.chaincode_events("quorate", start_block=0, checkpoint=checkpointer) as events:
        checkpointer.checkpoint_chaincode_event(await anext(events))
        await anext(events)  # read and not dealt with
    async with network.chaincode_events("quorate", start_block=0, checkpoint=checkpointer) as events:
        assert await take(events, 3) == history[1:]


async def test_a_broken_connection_is_resumed_without_loss_or_repetition(
    network: Network, peer: FakePeer, history: list[str]
) -> None:
    peer.cut_streams_after = 1
    async with network.chaincode_events("quorate", start_block=0) as events:
        assert await take(events, 4) == history
    assert peer.calls.count("ChaincodeEvents") >= 2


@pytest.mark.usefixtures("history")
async def test_a_connection_that_breaks_between_the_events_of_a_block_resumes_inside_it(
    network: Network, peer: FakePeer
) -> None:
    async with network.chaincode_events("quorate", start_block=3) as events:
        peer.cut_streams_after = 1
        assert await take(events, 1) == ["e"]
        peer.cut_streams_after = None
        assert await take(events, 1) == ["f"]
        await peer.commit(("g", b"", VALID))
        assert await take(events, 1) == ["g"]
    requests = [
        protos.ChaincodeEventsRequest.FromString(request.request) for request in peer.requests["ChaincodeEvents"]
    ]
    positions = [(request.start_position.specified.number, request.after_transaction_id) for request in requests]
    assert positions == [(3, ""), (3, "f")]


async def test_a_stream_that_cannot_know_what_it_missed_raises(network: Network, peer: FakePeer) -> None:
    peer.faults["ChaincodeEvents"] = Fault(grpc.StatusCode.UNAVAILABLE, "going away")
    async with network.chaincode_events("quorate") as events:
        with pytest.raises(GatewayError, match="going away"):
            await anext(events)
        with pytest.raises(StopAsyncIteration):
            await anext(events)
    assert peer.calls == ["ChaincodeEvents"]


async def test_resuming_ends_with_its_deadline(served: Served, peer: FakePeer) -> None:
    peer.faults["ChaincodeEvents"] = Fault(grpc.StatusCode.UNAVAILABLE, "going away", times=1000)
    deadlines = replace(PATIENT, reconnect=2)
    async with (
        asyncio.timeout(60),
        connect(served.endpoint, served.identity, served.signer, deadlines=deadlines) as gateway,
        gateway.network("quorate").chaincode_events("quorate", start_block=0) as events,
    ):
        with pytest.raises(GatewayError, match="going away") as caught:
            await anext(events)
    assert caught.value.status is grpc.StatusCode.UNAVAILABLE
    assert 2 <= peer.calls.count("ChaincodeEvents") <= 20


async def test_a_refused_stream_is_not_tried_again(network: Network, peer: FakePeer) -> None:
    peer.faults["ChaincodeEvents"] = Fault(grpc.StatusCode.PERMISSION_DENIED, "access denied")
    async with network.chaincode_events("quorate", start_block=0) as events:
        with pytest.raises(GatewayError, match="access denied") as caught:
            await anext(events)
    assert (caught.value.code, peer.calls) == ("DENIED", ["ChaincodeEvents"])


@pytest.mark.usefixtures("history")
async def test_events_of_an_earlier_block_are_refused(network: Network, peer: FakePeer) -> None:
    peer.deliver_instead = lambda number: 2 if number == 1 else 1
    async with network.chaincode_events("quorate", start_block=1) as events:
        assert await take(events, 2) == ["a", "c"]
        with pytest.raises(GatewayError, match="events of block 1 after those of block 2") as caught:
            await anext(events)
    assert caught.value.code == "INTEGRITY"


@pytest.mark.usefixtures("history")
async def test_events_of_another_chaincode_are_refused(network: Network, peer: FakePeer) -> None:
    peer.events_of = "other"
    async with network.chaincode_events("quorate", start_block=0) as events:
        with pytest.raises(GatewayError, match="events of other instead of quorate"):
            await anext(events)


async def test_a_reader_that_gives_up_waiting_loses_nothing(network: Network, peer: FakePeer) -> None:
    async with network.chaincode_events("quorate") as events:
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await anext(events)
        await peer.until(lambda: peer.streaming == 1)
        await peer.commit(("a", b"", VALID))
        assert await take(events, 1) == ["a"]
    assert peer.calls == ["ChaincodeEvents"]


async def test_closing_a_stream_ends_its_reader_and_the_call(network: Network, peer: FakePeer) -> None:
    events = network.chaincode_events("quorate")
    reader = asyncio.ensure_future(anext(events, None))
    await peer.until(lambda: peer.streaming == 1)
    await events.aclose()
    assert await reader is None
    await peer.until(lambda: "ChaincodeEvents" in peer.cancelled)
    await events.aclose()


async def test_closing_one_stream_leaves_the_others(network: Network, peer: FakePeer, history: list[str]) -> None:
    async with network.chaincode_events("quorate", start_block=0) as one:
        async with network.chaincode_events("quorate", start_block=0) as two:
            assert await take(two, 1) == await take(one, 1) == history[:1]
        assert await take(one, 3) == history[1:]
        await peer.commit(("g", b"", VALID))
        assert await take(one, 1) == ["g"]


async def test_closing_the_gateway_ends_its_streams(served: Served, peer: FakePeer) -> None:
    async with connect(served.endpoint, served.identity, served.signer) as gateway:
        events = gateway.network("quorate").chaincode_events("quorate")
        reader = asyncio.ensure_future(anext(events, None))
        await peer.until(lambda: peer.streaming == 1)
    assert await reader is None


async def test_closing_one_gateway_on_a_shared_channel_ends_its_streams_alone(served: Served, peer: FakePeer) -> None:
    channel = served.endpoint.channel()
    async with connect(channel, served.identity, served.signer) as one:
        async with connect(channel, served.identity, served.signer) as two:
            ended = asyncio.ensure_future(anext(two.network("quorate").chaincode_events("quorate"), None))
            staying = one.network("quorate").chaincode_events("quorate")
            waiting = asyncio.ensure_future(anext(staying))
            await peer.until(lambda: peer.streaming == 2)
        assert await ended is None
        await peer.commit(("a", b"", VALID))
        assert (await waiting).transaction_id == "a"
    await channel.close()


async def test_two_readers_of_one_stream_share_its_events(network: Network, history: list[str]) -> None:
    async with network.chaincode_events("quorate", start_block=0) as events:
        seen = await asyncio.gather(*(anext(events) for _ in history))
    assert [event.transaction_id for event in seen] == history


async def test_a_stream_closed_while_it_opens_ends(network: Network, peer: FakePeer) -> None:
    blocks = network.block_events(start_block=0)
    reader = asyncio.ensure_future(anext(blocks, None))
    await asyncio.sleep(0)
    await blocks.aclose()
    assert await reader is None
    assert peer.streaming <= 1


async def test_open_streams_are_limited_and_closing_makes_room(served: Served, peer: FakePeer) -> None:
    await peer.commit(("a", b"", VALID))
    async with connect(served.endpoint, served.identity, served.signer, limits=Limits(streams=1)) as gateway:
        network = gateway.network("quorate")
        async with network.chaincode_events("quorate", start_block=0) as one:
            assert await take(one, 1) == ["a"]
            async with network.chaincode_events("quorate", start_block=0) as two:
                with pytest.raises(GatewayError, match="1 event streams are open already") as caught:
                    await anext(two)
            assert caught.value.status is grpc.StatusCode.RESOURCE_EXHAUSTED
        async with network.chaincode_events("quorate", start_block=0) as three:
            assert await take(three, 1) == ["a"]


async def test_a_peer_that_comes_back_is_found_again(served: Served, peer: FakePeer, history: list[str]) -> None:
    peer.faults["ChaincodeEvents"] = Fault(grpc.StatusCode.UNAVAILABLE, times=3)
    async with (
        connect(served.endpoint, served.identity, served.signer, deadlines=PATIENT) as gateway,
        gateway.network("quorate").chaincode_events("quorate", start_block=0) as events,
    ):
        assert await take(events, 4) == history
    assert peer.calls.count("ChaincodeEvents") == 4


@pytest.mark.parametrize("number", [-1, 2**64])
async def test_a_block_number_fits_in_64_bits(network: Network, number: int) -> None:
    with pytest.raises(UsageError, match="not a block number"):
        network.chaincode_events("quorate", start_block=number)
