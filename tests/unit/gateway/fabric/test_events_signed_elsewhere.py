"""Requests for events whose key is elsewhere, and what their streams can do without it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import GatewayError, InMemoryCheckpointer, TxValidationCode, connect
from quorate.blocks import protos
from quorate.errors import UsageError
from tests.unit.gateway.fabric.conftest import PATIENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.fabric import EventStream, Gateway
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer

VALID = TxValidationCode.VALID
KINDS = {
    "chaincode_events": "ChaincodeEvents",
    "block_events": "Deliver",
    "filtered_block_events": "DeliverFiltered",
    "block_and_private_data_events": "DeliverWithPrivateData",
}


@pytest.fixture
async def offline(served: Served) -> AsyncIterator[Gateway]:
    async with connect(served.endpoint, served.identity, deadlines=PATIENT) as gateway:
        yield gateway


@pytest.fixture(autouse=True)
async def height(peer: FakePeer) -> int:
    for number in range(1, 4):
        await peer.commit((f"tx{number}", b"payload", VALID))
    return 4


def request(gateway: Gateway, kind: str, **position: object) -> object:
    make = getattr(gateway.network("quorate"), f"new_{kind}_request")
    return make("quorate", **position) if kind == "chaincode_events" else make(**position)


def signed(gateway: Gateway, served: Served, kind: str, **position: object) -> object:
    unsigned = request(gateway, kind, **position)
    return getattr(gateway, f"new_signed_{kind}_request")(unsigned.bytes, served.signer.sign(unsigned.digest))


def number(item: object) -> int:
    """Return the block of what any of the streams gives out."""
    if hasattr(item, "block_number"):
        return item.block_number
    if hasattr(item, "filtered_transactions"):
        return item.number
    return (item.block if hasattr(item, "private_data_map") else item).header.number


async def take(stream: EventStream[object], count: int) -> list[int]:
    async with asyncio.timeout(60):
        return [number(await anext(stream)) for _ in range(count)]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_request_can_be_signed_elsewhere(offline: Gateway, served: Served, peer: FakePeer, kind: str) -> None:
    async with signed(offline, served, kind, start_block=1).events() as events:
        assert await take(events, 3) == [1, 2, 3]
    assert peer.calls == [KINDS[kind]]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_request_comes_back_from_its_bytes(gateway: Gateway, kind: str) -> None:
    first = request(gateway, kind, start_block=2)
    again = getattr(gateway, f"new_{kind}_request")(first.bytes)
    assert (again.bytes, again.digest) == (first.bytes, first.digest)
    async with again.events() as events:
        assert await take(events, 2) == [2, 3]
    # signed once, signed for good
    assert again.bytes != first.bytes


@pytest.mark.parametrize("kind", KINDS)
async def test_nothing_is_asked_unsigned(offline: Gateway, peer: FakePeer, kind: str) -> None:
    async with request(offline, kind).events() as events:
        with pytest.raises(UsageError, match="no signer"):
            await anext(events)
    assert peer.calls == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_request_signed_elsewhere_begins_again_only_where_it_says(
    offline: Gateway, served: Served, peer: FakePeer, kind: str
) -> None:
    peer.cut_streams_after = 1
    async with signed(offline, served, kind, start_block=1).events() as events:
        assert await take(events, 1) == [1]
        with pytest.raises(GatewayError, match="the peer goes away") as caught:
            await take(events, 1)
    assert caught.value.status is grpc.StatusCode.UNAVAILABLE
    assert len(peer.calls) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_before_anything_was_given_out_it_does_begin_again(
    offline: Gateway, served: Served, peer: FakePeer, height: int, kind: str
) -> None:
    peer.cut_streams_after = 0
    async with signed(offline, served, kind, start_block=height).events() as events:
        waiting = asyncio.ensure_future(take(events, 1))
        await peer.until(lambda: len(peer.calls) >= 2)
        peer.cut_streams_after = None
        await peer.commit(("tx4", b"payload", VALID))
        assert await waiting == [height]
    if kind == "chaincode_events":
        first, second, *_ = peer.requests["ChaincodeEvents"]
        assert first.signature == second.signature


@pytest.mark.parametrize("kind", KINDS)
async def test_a_key_at_hand_signs_anew_for_its_own_identity(
    gateway: Gateway, served: Served, peer: FakePeer, kind: str
) -> None:
    peer.cut_streams_after = 1
    async with signed(gateway, served, kind, start_block=1).events() as events:
        assert await take(events, 3) == [1, 2, 3]
    assert peer.calls == [KINDS[kind]] * 3


async def test_a_checkpoint_is_part_of_the_request(offline: Gateway, served: Served, peer: FakePeer) -> None:
    await peer.commit(("a", b"", VALID), ("b", b"", VALID))
    checkpointer = InMemoryCheckpointer()
    checkpointer.checkpoint_transaction(4, "a")
    async with signed(offline, served, "chaincode_events", checkpoint=checkpointer).events() as events:
        assert (await anext(events)).transaction_id == "b"


async def test_private_data_comes_beside_its_block(gateway: Gateway, peer: FakePeer) -> None:
    peer.private["secret"] = protos.TxPvtReadWriteSet(
        ns_pvt_rwset=[{"namespace": "quorate", "collection_pvt_rwset": [{"collection_name": "c", "rwset": b"set"}]}]
    )
    await peer.commit(("open", b"one", VALID), ("secret", b"two", VALID))
    async with gateway.network("quorate").block_and_private_data_events(start_block=4) as blocks:
        found = await anext(blocks)
    assert list(found.block.data.data) == [b"one", b"two"]
    assert list(found.private_data_map) == [1]
    [namespace] = found.private_data_map[1].ns_pvt_rwset
    assert (namespace.namespace, namespace.collection_pvt_rwset[0].rwset) == ("quorate", b"set")


async def test_a_request_that_ends_ends_its_stream(offline: Gateway, served: Served) -> None:
    envelope = protos.Envelope.FromString(request(offline, "block_events", start_block=1).bytes)
    payload = protos.Payload.FromString(envelope.payload)
    seek = protos.SeekInfo.FromString(payload.data)
    seek.stop.specified.number = 2
    payload.data = seek.SerializeToString()
    envelope.payload = payload.SerializeToString()
    unsigned = offline.new_block_events_request(envelope.SerializeToString())
    bounded = offline.new_signed_block_events_request(unsigned.bytes, served.signer.sign(unsigned.digest))
    async with asyncio.timeout(60), bounded.events() as blocks:
        assert [number(block) async for block in blocks] == [1, 2]


def envelope_of_type(kind: int) -> bytes:
    header = protos.Header(channel_header=protos.ChannelHeader(type=kind).SerializeToString())
    return protos.Envelope(payload=protos.Payload(header=header).SerializeToString()).SerializeToString()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "data", [b"\xff\xff\xff", b"\x0a\x02\xff\xff", envelope_of_type(3)], ids=["noise", "noise within", "transaction"]
)
async def test_bytes_of_something_else_are_refused(gateway: Gateway, kind: str, data: bytes) -> None:
    with pytest.raises(UsageError, match=r"are no|holds no"):
        getattr(gateway, f"new_{kind}_request")(data)
