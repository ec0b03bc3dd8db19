"""An organisation's peers behind one channel: what one cannot be reached for, the next is asked."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import CommitStatusError, EndorseError, GatewayError
from tests.unit.gateway.fabric.fake_peer import Fault, handlers
from tests.unit.gateway.service.relayed import PATIENT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.fabric import Gateway
    from tests.unit.gateway.service.relayed import Relayed, Setup


class Pair:
    """Two peers that see one ledger, and a relay before them."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.peers = [setup.peer(), setup.peer()]
        self.peers[1].blocks = self.peers[0].blocks
        self._servers: list[grpc.aio.Server] = []
        self.ports: list[int] = []

    async def start(self) -> None:
        for peer in self.peers:
            server, port = await self._setup.serve(handlers(peer))
            self._servers.append(server)
            self.ports.append(port)

    async def stop(self, index: int) -> None:
        await self._servers[index].stop(0)

    async def again(self, index: int) -> None:
        self._servers[index], _ = await self._setup.serve(handlers(self.peers[index]), self.ports[index])

    async def close(self) -> None:
        for server in self._servers:
            await server.stop(0)


@pytest.fixture
async def pair(setup: Setup) -> AsyncIterator[Pair]:
    made = Pair(setup)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def relayed(setup: Setup, pair: Pair) -> AsyncIterator[Relayed]:
    async with setup.relay(pair.ports, pair.peers[0]) as made:
        yield made


@pytest.fixture
async def gateway(relayed: Relayed) -> AsyncIterator[Gateway]:
    async with relayed.connected() as made:
        yield made


async def test_every_call_goes_on_at_the_next_peer(
    pair: Pair, gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    contract = gateway.network("quorate").contract("quorate")
    await contract.evaluate("round:Get", "{}")
    await pair.stop(0)
    with caplog.at_level(logging.WARNING, "gateway.service.failover"):
        assert await contract.submit("round:Commit", "{}") == b"round:Commit|{}"
    assert pair.peers[0].calls == ["Evaluate"]
    assert pair.peers[1].calls == ["Endorse", "Submit", "CommitStatus"]
    assert f"going on with peer localhost:{pair.ports[1]}" in caplog.text


async def test_a_peer_that_is_gone_between_two_steps_costs_nothing(pair: Pair, gateway: Gateway) -> None:
    proposal = gateway.network("quorate").contract("quorate").new_proposal("round:Commit", "{}")
    transaction = await proposal.endorse()
    await pair.stop(0)
    commit = await transaction.submit()
    assert (await commit.status()).successful
    assert [len(block.transactions) for block in pair.peers[1].blocks] == [0, 1]
    (sent,) = pair.peers[1].requests["Submit"]
    assert sent.transaction_id == transaction.transaction_id


async def test_the_gateway_stays_where_it_is_answered(pair: Pair, gateway: Gateway) -> None:
    contract = gateway.network("quorate").contract("quorate")
    await pair.stop(0)
    await contract.evaluate("round:Get", "{}")
    await pair.again(0)
    await contract.evaluate("round:Get", "{}")
    assert (pair.peers[0].calls, pair.peers[1].calls) == ([], ["Evaluate", "Evaluate"])
    await pair.stop(1)
    async with asyncio.timeout(60):
        while True:
            with suppress(GatewayError):
                await contract.evaluate("round:Get", "{}")
                break
    assert pair.peers[0].calls[-1] == "Evaluate"


async def test_what_a_peer_has_said_is_the_answer(pair: Pair, gateway: Gateway) -> None:
    contract = gateway.network("quorate").contract("quorate")
    with pytest.raises(EndorseError):
        await contract.submit("round:refuse", "INVALID_STATE: round 1 is OPEN")
    assert pair.peers[1].calls == []
    pair.peers[0].faults["Evaluate"] = Fault(grpc.StatusCode.DEADLINE_EXCEEDED, "late")
    with pytest.raises(GatewayError, match="late"):
        await contract.evaluate("round:Get", "{}")
    assert pair.peers[1].calls == []


async def test_streams_are_opened_where_a_peer_is(pair: Pair, gateway: Gateway) -> None:
    await pair.stop(0)
    network = gateway.network("quorate")
    async with network.chaincode_events("quorate", start_block=0) as events:
        await network.contract("quorate").submit("round:Commit", "{}")
        assert (await anext(events)).block_number == 1
    blocks = [block.header.number async for block in network.blocks(0, 1)]
    assert blocks == [0, 1]


async def test_no_peer_at_all_is_unavailable_with_what_each_one_met(pair: Pair, relayed: Relayed) -> None:
    for index in (0, 1):
        await pair.stop(index)
    async with relayed.connected() as gateway:
        commit = gateway.network("quorate").contract("quorate").new_proposal("round:Commit", "{}")
        with pytest.raises(EndorseError, match="UNREACHABLE: no peer of AlderMSP can be reached") as caught:
            await commit.endorse()
    assert caught.value.status is grpc.StatusCode.UNAVAILABLE
    told = [(detail.msp_id, detail.address) for detail in caught.value.details]
    assert sorted(told) == sorted(("AlderMSP", f"localhost:{port}") for port in pair.ports)
    assert all("onnect" in detail.message for detail in caught.value.details)


async def test_the_callers_deadline_is_for_all_peers_together(pair: Pair, gateway: Gateway) -> None:
    pair.peers[1].stall.add("CommitStatus")
    transaction = await gateway.network("quorate").contract("quorate").new_proposal("round:Commit", "{}").endorse()
    commit = await transaction.submit()
    await pair.stop(0)
    began = asyncio.get_running_loop().time()
    with pytest.raises(CommitStatusError) as caught:
        await commit.status(timeout=0.5)
    assert caught.value.status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert asyncio.get_running_loop().time() - began < PATIENT.commit_status / 2


async def test_peers_that_cannot_be_reached_are_known_by_their_addresses(setup: Setup, pair: Pair) -> None:
    async with setup.channel(*pair.ports) as channel:
        assert await channel.unreachable() == []
        await pair.stop(1)
        async with asyncio.timeout(60):
            while await channel.unreachable() != [f"localhost:{pair.ports[1]}"]:
                await channel.choose()
        assert channel.address == f"localhost:{pair.ports[0]}"
