"""A network with the tests' own chaincode for the session, on each engine that is asked for."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from tests.conformance.world import World, opened
from tests.parity.stage import build_chaincode

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from gateway.fabric import Contract, Gateway, Network
    from network.engine import Driver

NUMBERS = count()


@pytest.fixture(scope="session")
def chaincode_of_the_tests() -> Path:
    """Return the program of the chaincode whose functions do one thing each: that of the parity suite."""
    program = build_chaincode()
    if not program.exists():
        pytest.skip("needs Go, to build the tests' own chaincode")
    return program


@pytest.fixture(scope="session")
def world(
    embedded_program: Path,  # noqa: ARG001  # it must be built
    fabric_engine: Driver,
    chaincode_of_the_tests: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[World]:
    with opened(fabric_engine, tmp_path_factory.mktemp("conformance"), chaincode_of_the_tests) as running:
        yield running


@pytest.fixture
async def gateway(world: World) -> AsyncIterator[Gateway]:
    """Return a connection of the first organisation's agent to its own peer."""
    async with world.connect("alder") as connected:
        yield connected


@pytest.fixture
def network(gateway: Gateway, world: World) -> Network:
    return gateway.network(world.channel)


@pytest.fixture
def contract(network: Network, world: World) -> Contract:
    return network.contract(world.chaincode)


@pytest.fixture
def key() -> str:
    """Return a key that no other test uses."""
    return f"key-{next(NUMBERS)}"


@pytest.fixture
def real_fabric(world: World) -> World:
    """Return the world where it is Fabric itself."""
    if world.engine == "embedded":
        pytest.skip(
            "needs Fabric itself: here are no private data, one policy for all keys and one process for all peers"
        )
    return world
