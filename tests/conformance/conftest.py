"""A network with the tests' own chaincode for the session, on each engine that is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conformance.world import World, opened

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gateway.fabric import Contract, Gateway, Network
    from network.engine import Driver

ROOT = Path(__file__).parents[2]
NUMBERS = count()


@pytest.fixture(scope="session")
def chaincode_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program of the chaincode whose functions do one thing each."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs Go, to build the tests' own chaincode")
    program = tmp_path_factory.mktemp("chaincode") / "parity-chaincode"
    built = subprocess.run(
        [go, "build", "-trimpath", "-o", str(program), "./cmd/parity-chaincode"],
        cwd=ROOT / "network" / "embedded",
        env=os.environ | {"CGO_ENABLED": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert built.returncode == 0, built.stderr
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
        pytest.skip("needs Fabric itself: the embedded network has no private data and one policy for all keys")
    return world
