"""Listening to blocks: whole, filtered, and with private data."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.fabric import FileCheckpointer, InMemoryCheckpointer, TxValidationCode
from quorate.blocks import protos
from tests.conformance.blocks import block_of, transactions_of
from tests.conformance.listening import height, listening

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from gateway.fabric import Checkpointer, Contract, EventStream, Network
    from quorate.blocks.protos import AnyMessage

    Listen = Callable[..., EventStream[AnyMessage]]


@pytest.fixture(autouse=True)
async def bounded() -> AsyncIterator[None]:
    async with asyncio.timeout(60):
        yield


@pytest.fixture(params=["block_events", "filtered_block_events", "block_and_private_data_events"])
def listen(request: pytest.FixtureRequest, network: Network) -> Listen:
    found: Listen = getattr(network, request.param)
    return found


async def write(contract: Contract, key: str) -> tuple[str, int]:
    """Commit a transaction, and return its id and block."""
    _, commit = await contract.submit_async("put", key, "value")
    status = await commit.status()
    assert status.successful
    return status.transaction_id, status.block_number


async def until(blocks: EventStream[AnyMessage], number: int) -> AnyMessage:
    """Return the block of this number."""
    async with asyncio.timeout(60):
        while block_of(block := await anext(blocks)) < number:
            pass
    assert block_of(block) == number
    return block


async def test_a_block_is_received(listen: Listen, contract: Contract, key: str) -> None:
    async with listening(listen(), contract) as blocks:
        transaction_id, number = await write(contract, key)
        assert transaction_id in transactions_of(await until(blocks, number))


async def test_a_block_is_replayed(listen: Listen, contract: Contract, key: str) -> None:
    transaction_id, number = await write(contract, key)
    async with listen(start_block=number) as blocks:
        assert transaction_id in transactions_of(await anext(blocks))


async def test_listening_can_begin_again_after_it_was_closed(listen: Listen, contract: Contract, key: str) -> None:
    for _ in range(2):
        async with listening(listen(), contract) as blocks:
            transaction_id, number = await write(contract, key)
            assert transaction_id in transactions_of(await until(blocks, number))
        assert [block async for block in blocks] == []


async def test_closing_one_listener_does_not_disturb_another(listen: Listen, contract: Contract, key: str) -> None:
    async with listening(listen(), contract) as second:
        async with listening(listen(), contract) as first:
            _, number = await write(contract, key)
            assert [block_of(await until(each, number)) for each in (first, second)] == [number] * 2
        _, number = await write(contract, key)
        assert block_of(await until(second, number)) == number


@pytest.fixture(params=["memory", "file"])
def checkpointer(request: pytest.FixtureRequest, tmp_path: Path) -> Checkpointer:
    return InMemoryCheckpointer() if request.param == "memory" else FileCheckpointer(tmp_path / "checkpoint")


async def test_a_checkpoint_continues_after_what_was_dealt_with(
    listen: Listen, contract: Contract, checkpointer: Checkpointer, key: str
) -> None:
    written = [await write(contract, key) for _ in range(3)]
    seen = []
    for _ in written:
        async with listen(start_block=written[0][1], checkpoint=checkpointer) as blocks:
            block = await anext(blocks)
            seen += transactions_of(block)
            checkpointer.checkpoint_block(block_of(block))
    assert seen == [transaction_id for transaction_id, _ in written]


async def test_every_block_comes_once_and_in_order(
    listen: Listen, contract: Contract, network: Network, key: str
) -> None:
    end = await height(network)
    async with listen(start_block=0) as blocks:
        assert [block_of(await anext(blocks)) for _ in range(end)] == list(range(end))
        _, number = await write(contract, key)
        assert block_of(await until(blocks, number)) == number


async def test_filtered_blocks_have_codes_and_events_but_no_values(
    network: Network, contract: Contract, key: str
) -> None:
    _, number = await write(contract, key)
    _, commit = await contract.submit_async("event", key, "named", "hidden")
    status = await commit.status()
    async with network.filtered_block_events(start_block=number) as blocks:
        block = await until(blocks, status.block_number)
    [transaction] = [each for each in block.filtered_transactions if each.txid == status.transaction_id]
    assert transaction.tx_validation_code == TxValidationCode.VALID
    [action] = transaction.transaction_actions.chaincode_actions
    assert (action.chaincode_event.event_name, action.chaincode_event.payload) == ("named", b"")


async def test_a_block_that_is_not_there_yet_is_waited_for(
    listen: Listen, contract: Contract, network: Network, key: str
) -> None:
    number = await height(network)
    async with listen(start_block=number) as blocks:
        first = asyncio.ensure_future(anext(blocks))
        transaction_id, written = await write(contract, key)
        assert (written, transactions_of(await first)) == (number, [transaction_id])


async def test_the_genesis_block_is_the_channels_configuration(network: Network) -> None:
    async with network.block_events(start_block=0) as blocks:
        block = await anext(blocks)
    [data] = block.data.data
    header = protos.Payload.FromString(protos.Envelope.FromString(data).payload).header
    assert protos.ChannelHeader.FromString(header.channel_header).type == protos.HeaderType.CONFIG
