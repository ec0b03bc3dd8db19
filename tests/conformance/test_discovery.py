"""The gateway finds who can endorse among the peers that are there."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import EndorseError
from tests.conformance.world import MSPS, endorsed_by_all, endorsers, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from gateway.fabric import Contract
    from network.engine import Driver
    from tests.conformance.world import World

NOT_ENOUGH = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.FAILED_PRECONDITION, grpc.StatusCode.ABORTED}
"""Whether a peer is known to be gone, or is found so when it is asked."""

pytestmark = pytest.mark.usefixtures("real_fabric")


@pytest.fixture(scope="module")
def world(
    fabric_engine: Driver, chaincode_of_the_tests: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Return a network of its own: whose peers were killed, others should not depend on."""
    with opened(fabric_engine, tmp_path_factory.mktemp("discovery"), chaincode_of_the_tests) as running:
        yield running


@asynccontextmanager
async def without(world: World, contract: Contract, *names: str) -> AsyncIterator[None]:
    """Kill the peers of these organisations, and start them again in the end."""
    nodes = [world.running.nodes[f"peer0.{name}"] for name in names]
    for node in nodes:
        await asyncio.to_thread(node.kill)
    try:
        yield
    finally:
        for node in nodes:
            await asyncio.to_thread(node.start)
        async with asyncio.timeout(60):
            while not await endorsed_by_all(contract, "again"):  # noqa: ASYNC110  # nobody announces it
                await asyncio.sleep(0.2)


async def test_everybody_is_found(contract: Contract, key: str) -> None:
    transaction = await contract.new_proposal("put", key, "value", endorsing_organizations=MSPS).endorse()
    assert endorsers(transaction) == sorted(MSPS)


async def test_those_that_are_left_endorse_where_they_are_enough(world: World, contract: Contract, key: str) -> None:
    async with without(world, contract, "cedar"):
        transaction = await contract.new_proposal("put", key, "value").endorse()
        assert endorsers(transaction) == ["AlderMSP", "BirchMSP"]
        assert (await (await transaction.submit()).status()).successful


async def test_too_few_left_is_an_error_that_says_so(world: World, contract: Contract, key: str) -> None:
    async with without(world, contract, "birch", "cedar"):
        with pytest.raises(EndorseError) as caught:
            await contract.submit("put", key, "value")
        assert caught.value.status in {
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.FAILED_PRECONDITION,
            grpc.StatusCode.ABORTED,
        }
        assert await contract.evaluate("length", "still there") == b"11"
    await contract.submit("put", key, "value")
