"""A chaincode whose process ends in the middle of a call."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import EndorseError, GatewayError
from tests.conformance.world import World, endorsed_by_all, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.fabric import Contract
    from network.engine import Driver


@pytest.fixture
def world(
    embedded_program: Path,  # noqa: ARG001  # it must be built
    fabric_engine: Driver,
    chaincode_of_the_tests: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    """Return a network of its own: its chaincode will not survive."""
    with opened(fabric_engine, tmp_path_factory.mktemp("crash"), chaincode_of_the_tests) as running:
        yield running


async def restarted(world: World, contract: Contract) -> None:
    for node in world.running.nodes.values():
        if node.kind == "chaincode" and not node.is_alive():
            await asyncio.to_thread(node.start)
    async with asyncio.timeout(60):
        while not await endorsed_by_all(contract, "again"):  # noqa: ASYNC110  # nobody announces it
            await asyncio.sleep(0.2)


async def test_a_query_fails_at_every_peer_and_says_so(world: World, contract: Contract, key: str) -> None:
    with pytest.raises(GatewayError) as caught:
        await contract.evaluate("panic")
    assert caught.value.status is grpc.StatusCode.ABORTED
    assert {detail.msp_id for detail in caught.value.details} == {"AlderMSP", "BirchMSP", "CedarMSP"}
    assert all("chaincode stream terminated" in detail.message for detail in caught.value.details)
    await restarted(world, contract)
    assert await contract.submit("increment", key) == b"1"


async def test_a_transaction_fails_and_nothing_was_sent(world: World, contract: Contract, key: str) -> None:
    with pytest.raises(EndorseError) as caught:
        await contract.submit("panic")
    assert caught.value.status is grpc.StatusCode.ABORTED
    assert caught.value.details
    assert all("chaincode stream terminated" in detail.message for detail in caught.value.details)
    await restarted(world, contract)
    assert await contract.submit("increment", key) == b"1"
