from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import (
    CallOptions,
    Endpoint,
    GatewayError,
    Identity,
    InMemoryCheckpointer,
    PrivateKeySigner,
    Tls,
    connect,
)
from gateway.fabric.block_feeds import ask
from gateway.fabric.endpoint import Endpoint as EndpointClass
from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from tests.unit.gateway.fabric.conftest import PATIENT
from tests.unit.gateway.fabric.fake_peer import Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.fabric import Gateway, Network
    from tests.unit.gateway.fabric.authority import Authority
    from tests.unit.gateway.fabric.conftest import Served
    from tests.unit.gateway.fabric.fake_peer import FakePeer

VALID = TxValidationCode.VALID


@pytest.fixture
def network(gateway: Gateway) -> Network:
    return gateway.network("quorate")


@pytest.fixture
async def height(peer: FakePeer) -> int:
    for number in range(1, 5):
        await peer.commit((f"tx{number}", b"payload", VALID))
    return 5


async def numbers(network: Network, start: int, stop: int | None) -> list[int]:
    return [block.header.number async for block in network.blocks(start, stop)]


@pytest.mark.parametrize(
    ("start", "stop", "expected"), [(0, None, [0, 1, 2, 3, 4]), (1, 3, [1, 2, 3]), (4, 4, [4]), (0, 0, [0])]
)
@pytest.mark.usefixtures("height")
async def test_blocks_are_fetched_from_start_to_stop(
    network: Network, start: int, stop: int | None, expected: list[int]
) -> None:
    assert await numbers(network, start, stop) == expected


@pytest.mark.usefixtures("height")
async def test_a_fetched_block_has_its_payload(network: Network) -> None:
    [block] = [block async for block in network.blocks(2, 2)]
    assert list(block.data.data) == [b"payload"]


async def test_a_block_that_is_not_there_is_not_waited_for(network: Network, height: int) -> None:
    with pytest.raises(GatewayError, match="NOT_FOUND") as caught:
        await numbers(network, height, height)
    assert (caught.value.status, caught.value.code) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")
    with pytest.raises(GatewayError, match="NOT_FOUND"):
        await numbers(network, 0, height)


@pytest.mark.usefixtures("height")
async def test_a_block_out_of_order_is_refused(network: Network, peer: FakePeer) -> None:
    peer.deliver_instead = lambda number: 7 if number == 2 else number
    with pytest.raises(GatewayError, match="block 7 where block 2 comes next") as caught:
        await numbers(network, 0, 3)
    assert caught.value.code == "INTEGRITY"
    async with network.block_events(start_block=2) as blocks:
        with pytest.raises(GatewayError, match="block 7 where block 2 comes next"):
            await anext(blocks)


async def test_an_unknown_channel_has_no_blocks(gateway: Gateway) -> None:
    with pytest.raises(GatewayError, match="NOT_FOUND"):
        await numbers(gateway.network("elsewhere"), 0, 0)


async def test_the_request_names_the_tls_certificate(served: Served, authority: Authority, height: int) -> None:
    other = authority.issue("other")
    tls = Tls(roots=served.tls.roots, certificate=other.certificate_pem, key=other.key_pem)
    endpoint = Endpoint(served.endpoint.address, tls)
    async with connect(endpoint, served.identity, served.signer) as gateway:
        with pytest.raises(GatewayError, match="BAD_REQUEST"):
            await numbers(gateway.network("quorate"), 0, height - 1)


async def test_a_shared_channel_can_say_its_certificate_hash(served: Served, height: int) -> None:
    channel = EndpointClass(served.endpoint.address, served.tls).channel()
    certificate_hash = served.tls.certificate_hash
    for _ in range(2):  # it is not closed by the first user
        async with connect(
            channel, served.identity, served.signer, tls_client_certificate_hash=certificate_hash
        ) as gateway:
            assert await numbers(gateway.network("quorate"), 0, None) == list(range(height))
    await channel.close()


async def test_a_request_is_signed_by_its_creator(served: Served, authority: Authority) -> None:
    stranger = PrivateKeySigner(authority.issue("stranger").key)
    async with connect(served.endpoint, served.identity, stranger) as gateway:
        with pytest.raises(GatewayError, match="access denied"):
            await numbers(gateway.network("quorate"), 0, 0)


async def test_blocks_have_a_deadline(served: Served, peer: FakePeer, height: int) -> None:
    peer.stall.add("Deliver")
    async with connect(served.endpoint, served.identity, served.signer, deadlines=replace(PATIENT, block=1)) as gateway:
        async with asyncio.timeout(60):
            with pytest.raises(GatewayError, match="no block came for 1 s") as caught:
                await numbers(gateway.network("quorate"), 0, height - 1)
    assert caught.value.code == "TIMED_OUT"
    await peer.until(lambda: "Deliver" in peer.cancelled)


async def test_closing_the_gateway_cuts_off_the_reading_of_blocks(served: Served, peer: FakePeer) -> None:
    peer.stall.add("Deliver")
    async with connect(served.endpoint, served.identity, served.signer) as gateway:
        reading = asyncio.ensure_future(numbers(gateway.network("quorate"), 0, 0))
        await peer.until(lambda: "Deliver" in peer.calls)
    with pytest.raises(GatewayError, match="connection was closed"):
        await reading


async def test_leaving_early_ends_the_call(network: Network, peer: FakePeer, height: int) -> None:
    blocks = network.blocks(0, height - 1)
    assert (await anext(blocks)).header.number == 0
    await blocks.aclose()
    await peer.until(lambda: "Deliver" in peer.cancelled)


async def test_block_events_follow_the_ledger(network: Network, peer: FakePeer, height: int) -> None:
    async with network.block_events(start_block=3) as blocks:
        assert [(await anext(blocks)).header.number for _ in range(2)] == [3, 4]
        await peer.commit(("new", b"", VALID))
        assert (await anext(blocks)).header.number == height


async def test_block_events_begin_with_the_next_block(network: Network, peer: FakePeer, height: int) -> None:
    async with network.block_events() as blocks:
        first = asyncio.ensure_future(anext(blocks))
        await peer.until(lambda: peer.streaming == 1)
        await peer.commit(("new", b"", VALID))
        assert (await first).header.number == height


async def test_block_events_resume_after_a_checkpoint(network: Network, height: int) -> None:
    checkpointer = InMemoryCheckpointer()
    seen = []
    for _ in range(height):
        async with network.block_events(start_block=0, checkpoint=checkpointer) as blocks:
            number = (await anext(blocks)).header.number
            seen.append(number)
            checkpointer.checkpoint_block(number)
    assert seen == list(range(height))


async def test_block_events_resume_after_a_broken_connection(network: Network, peer: FakePeer, height: int) -> None:
    peer.cut_streams_after = 2
    async with network.block_events(start_block=0) as blocks:
        assert [(await anext(blocks)).header.number for _ in range(height)] == list(range(height))
    assert peer.calls.count("Deliver") == 3


@pytest.mark.usefixtures("height")
async def test_filtered_blocks_say_ids_and_codes(network: Network) -> None:
    async with network.filtered_block_events(start_block=2) as blocks:
        block = await anext(blocks)
    assert (block.channel_id, block.number) == ("quorate", 2)
    [transaction] = block.filtered_transactions
    assert (transaction.txid, transaction.tx_validation_code) == ("tx2", protos.TxValidationCode.VALID)


@pytest.mark.parametrize("method", ["Deliver", "DeliverFiltered"])
async def test_a_failing_stream_raises_its_status(network: Network, peer: FakePeer, method: str) -> None:
    peer.faults[method] = Fault(grpc.StatusCode.PERMISSION_DENIED, "access denied")
    stream = (
        network.block_events(start_block=0) if method == "Deliver" else network.filtered_block_events(start_block=0)
    )
    async with stream as blocks:
        with pytest.raises(GatewayError, match="access denied"):
            await anext(blocks)


async def test_an_unsigned_identity_of_another_msp_is_named(served: Served, authority: Authority) -> None:
    stranger = authority.issue("stranger")
    identity = Identity("Org9MSP", stranger.certificate_pem)
    async with connect(served.endpoint, identity, served.signer) as gateway:
        with pytest.raises(GatewayError, match="Org9MSP"):
            await numbers(gateway.network("quorate"), 0, 0)


class LostCall:
    """A call as gRPC leaves it when it is cancelled before its first write has begun: the write never ends."""

    def __init__(self) -> None:
        self.ended = asyncio.Event()
        self.callbacks: list[Callable[[object], object]] = []

    async def write(self, _: object) -> None:
        self.ended.set()
        await asyncio.Event().wait()

    def add_done_callback(self, callback: Callable[[object], object]) -> None:
        self.callbacks.append(callback)


async def test_a_write_that_would_wait_for_ever_ends_with_its_call() -> None:
    call = LostCall()

    class Client:
        def deliver(self, method: str, options: CallOptions) -> LostCall:
            assert (method, options) == ("Deliver", CallOptions())
            return call

    asking = asyncio.ensure_future(ask(Client(), "Deliver", b"request", CallOptions()))
    await call.ended.wait()
    for callback in call.callbacks:
        callback(call)
    async with asyncio.timeout(60):
        assert await asking is call


async def test_a_reader_that_is_cancelled_while_the_stream_opens_leaves_it_opening(
    network: Network, peer: FakePeer
) -> None:
    async with network.block_events() as blocks:
        impatient = asyncio.ensure_future(anext(blocks))
        await asyncio.sleep(0)
        assert peer.calls == []
        impatient.cancel()
        with pytest.raises(asyncio.CancelledError):
            await impatient
        # The same stream goes on, so nothing is missed between two beginnings at "the next block".
        await peer.until(lambda: peer.streaming == 1)
        await peer.commit(("new", b"", VALID))
        async with asyncio.timeout(60):
            assert (await anext(blocks)).header.number == 1
    assert peer.calls == ["Deliver"]


async def test_closing_while_the_stream_opens_leaves_nothing_behind(network: Network) -> None:
    blocks = network.block_events()
    reading = asyncio.ensure_future(anext(blocks, None))
    await asyncio.sleep(0)
    await blocks.aclose()
    assert await reading is None
    assert blocks._client._open == set()
