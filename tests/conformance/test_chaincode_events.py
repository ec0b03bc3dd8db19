"""Listening to what a chaincode's transactions emit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.fabric import FileCheckpointer, InMemoryCheckpointer
from tests.conformance.listening import height, listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.fabric import ChaincodeEvent, Checkpointer, Contract, EventStream, Network


@pytest.fixture(autouse=True)
async def bounded() -> AsyncIterator[None]:
    async with asyncio.timeout(60):
        yield


async def emit(contract: Contract, name: str, payload: str) -> tuple[str, int]:
    """Emit an event, and return the transaction's id and its block."""
    _, commit = await contract.submit_async("eventOnly", name, payload)
    status = await commit.status()
    assert status.successful
    return status.transaction_id, status.block_number


async def until(events: EventStream[ChaincodeEvent], name: str) -> ChaincodeEvent:
    """Return the next event of this name: all scenarios share one chaincode."""
    async with asyncio.timeout(60):
        while (event := await anext(events)).event_name != name:
            pass
    return event


async def test_an_event_is_received(network: Network, contract: Contract, key: str) -> None:
    async with listening(network.chaincode_events(contract.chaincode_name), contract) as events:
        transaction_id, block_number = await emit(contract, key, "bar")
        event = await until(events, key)
    assert (event.payload, event.transaction_id, event.block_number, event.chaincode_name) == (
        b"bar",
        transaction_id,
        block_number,
        contract.chaincode_name,
    )


async def test_an_event_is_replayed_from_its_block(network: Network, contract: Contract, key: str) -> None:
    transaction_id, block_number = await emit(contract, key, "replay")
    await emit(contract, "later", "x")
    async with network.chaincode_events(contract.chaincode_name, start_block=block_number) as events:
        event = await until(events, key)
    assert (event.transaction_id, event.payload) == (transaction_id, b"replay")


async def test_listening_can_begin_again_after_it_was_closed(network: Network, contract: Contract, key: str) -> None:
    for payload in ("one", "two"):
        async with listening(network.chaincode_events(contract.chaincode_name), contract) as events:
            await emit(contract, key, payload)
            assert (await until(events, key)).payload == payload.encode()
        assert [event async for event in events] == []


async def test_closing_one_listener_does_not_disturb_another(network: Network, contract: Contract, key: str) -> None:
    async with listening(network.chaincode_events(contract.chaincode_name), contract) as second:
        async with listening(network.chaincode_events(contract.chaincode_name), contract) as first:
            await emit(contract, key, "before")
            assert [(await until(each, key)).payload for each in (first, second)] == [b"before"] * 2
        await emit(contract, key, "after")
        assert (await until(second, key)).payload == b"after"


@pytest.fixture(params=["memory", "file"])
def checkpointer(request: pytest.FixtureRequest, tmp_path: Path) -> Checkpointer:
    return InMemoryCheckpointer() if request.param == "memory" else FileCheckpointer(tmp_path / "checkpoint")


async def test_a_checkpoint_continues_after_what_was_dealt_with(
    network: Network, contract: Contract, checkpointer: Checkpointer, key: str
) -> None:
    start = await height(network)
    for payload in ("one", "two", "three"):
        await emit(contract, key, payload)
    seen = []
    for _ in range(3):
        events = network.chaincode_events(contract.chaincode_name, start_block=start, checkpoint=checkpointer)
        async with events:
            event = await until(events, key)
            seen.append(event.payload)
            checkpointer.checkpoint_chaincode_event(event)
    assert seen == [b"one", b"two", b"three"]


async def test_several_events_of_one_block_are_told_apart_by_a_checkpoint(
    network: Network, contract: Contract, checkpointer: Checkpointer, key: str
) -> None:
    start = await height(network)
    emitted = await asyncio.gather(*(emit(contract, key, str(number)) for number in range(20)))
    seen = []
    while len(seen) < len(emitted):
        events = network.chaincode_events(contract.chaincode_name, start_block=start, checkpoint=checkpointer)
        async with events:
            event = await until(events, key)
            seen.append(event.transaction_id)
            checkpointer.checkpoint_chaincode_event(event)
    assert sorted(seen) == sorted(transaction_id for transaction_id, _ in emitted)


async def test_only_valid_transactions_have_events(network: Network, contract: Contract, key: str) -> None:
    start = await height(network)
    proposal = contract.new_proposal("event", key, key, "invalid", endorsing_organizations=["AlderMSP"])
    status = await (await (await proposal.endorse()).submit()).status()
    assert not status.successful
    await emit(contract, key, "valid")
    async with network.chaincode_events(contract.chaincode_name, start_block=start) as events:
        assert (await until(events, key)).payload == b"valid"


async def test_of_two_events_the_last_is_emitted(network: Network, contract: Contract, key: str) -> None:
    start = await height(network)
    await contract.submit("twoEvents", "first", key)
    async with network.chaincode_events(contract.chaincode_name, start_block=start) as events:
        assert (await anext(events)).event_name == key
