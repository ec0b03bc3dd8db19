"""Transaction invocation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import EndorseError, GatewayError, TxValidationCode
from tests.conformance.world import transient_of

if TYPE_CHECKING:
    from gateway.fabric import Contract, Network
    from tests.conformance.world import World


async def test_a_query_returns_what_the_function_answers(contract: Contract) -> None:
    assert await contract.evaluate("length", "conga") == b"5"


async def test_a_query_changes_nothing(contract: Contract, key: str) -> None:
    await contract.evaluate("putAndGet", key, "value")
    assert await contract.evaluate("get", key) == b"<nothing>"


async def test_a_transaction_returns_what_the_function_answers(contract: Contract, world: World, key: str) -> None:
    assert await world.submit_everywhere(contract, "increment", key) == b"1"
    assert await contract.submit("increment", key) == b"2"


async def test_a_transaction_updates_the_ledger_of_every_organisation(
    contract: Contract, world: World, key: str
) -> None:
    _, commit = await contract.submit_async("put", key, "ledger")
    assert (await commit.status()).successful
    for name in ("birch", "cedar"):
        async with world.connect(name) as elsewhere:
            there = elsewhere.network(world.channel)
            # Each peer commits in its own time; its own word for it is the commit status.
            assert (await world.commit_at(elsewhere, commit.transaction_id).status()).successful
            assert await there.contract(world.chaincode).evaluate("get", key) == b"ledger"


async def test_bytes_travel_as_they_are(contract: Contract, key: str) -> None:
    await contract.submit("put", key, b"\x00\x7f ledger")
    assert await contract.evaluate("get", key) == b"\x00\x7f ledger"


async def test_transient_data_reaches_the_function(contract: Contract) -> None:
    transient = {"key1": "value1", "key2": b"value2"}
    assert transient_of(await contract.evaluate("transient", "key1", transient=transient)) == {
        "value": "value1",
        "count": "2",
    }


async def test_transient_data_is_in_no_block(contract: Contract, network: Network, key: str) -> None:
    _, commit = await contract.submit_async("transient", key, transient={key: b"a secret of nobody"})
    status = await commit.status()
    [block] = [block async for block in network.blocks(status.block_number, status.block_number)]
    assert status.transaction_id.encode() in block.SerializeToString()
    transient_values = [data for data in block.data.data if b"\x12\x12a secret of nobody" in data]
    assert transient_values == []


async def test_a_query_that_the_function_refuses_is_an_error_with_its_words(contract: Contract) -> None:
    with pytest.raises(GatewayError, match="ALL OF THIS IS WRONG") as caught:
        await contract.evaluate("fail", "ALL OF THIS IS WRONG")
    assert caught.value.status is grpc.StatusCode.UNKNOWN


async def test_a_transaction_that_the_function_refuses_is_aborted_with_the_words_of_the_peers(
    contract: Contract,
) -> None:
    with pytest.raises(EndorseError, match="failed to endorse transaction, see attached details") as caught:
        await contract.submit("fail", "ALL OF THIS IS WRONG")
    assert caught.value.status is grpc.StatusCode.ABORTED
    assert caught.value.details
    assert all("ALL OF THIS IS WRONG" in detail.message for detail in caught.value.details)
    assert {detail.msp_id for detail in caught.value.details} <= {"AlderMSP", "BirchMSP", "CedarMSP"}


async def test_submit_async_returns_before_the_commit_and_the_commit_can_be_asked(contract: Contract, key: str) -> None:
    result, commit = await contract.submit_async("increment", key)
    status = await commit.status()
    assert (result, status.code, status.transaction_id) == (b"1", TxValidationCode.VALID, commit.transaction_id)
    assert await commit.status() == status


async def test_the_second_of_two_changes_to_one_key_conflicts_and_is_not_repeated(
    contract: Contract, world: World, key: str
) -> None:
    await world.submit_everywhere(contract, "increment", key)
    first, second = [await contract.new_proposal("increment", key).endorse() for _ in range(2)]
    assert (await (await first.submit()).status()).successful
    status = await (await second.submit()).status()
    assert status.code is TxValidationCode.MVCC_READ_CONFLICT
    assert await contract.evaluate("get", key) == b"2"


async def test_the_same_transaction_twice_is_valid_once(contract: Contract, key: str) -> None:
    transaction = await contract.new_proposal("increment", key).endorse()
    statuses = [await (await transaction.submit()).status() for _ in range(2)]
    assert [status.code for status in statuses] == [TxValidationCode.VALID] * 2
    assert statuses[0].block_number == statuses[1].block_number
    assert await contract.evaluate("get", key) == b"1"
