"""Consortia that stand for a whole module of faults, each on another kind of ledger."""

from __future__ import annotations

import os
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from network.engine import Engine, driver
from network.topology import Orderer
from participants.demo.local import LocalConsortium
from participants.demo.scenario import scenario
from participants.demo.workspace import Workspace
from tests.e2e.faults.stand import HOLDS, MOST_PACE, Recovery, Stand
from tests.e2e.faults.watch import Watch
from tests.e2e.play import playing
from tests.pace import pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from participants.demo.processes import Nursery

_RECOVERIES = pytest.StashKey[list[Recovery]]()


@pytest.fixture(scope="session")
def native(chaincode_program: Path) -> None:  # noqa: ARG001 - it must be built
    """Skip what needs real Fabric where its programs are not."""
    if (missing := driver(Engine.NATIVE).missing()) is not None:
        pytest.skip(f"faults of real Fabric need its programs: {missing}")


@pytest.fixture(scope="session")
def stand(
    nursery: Nursery, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Callable[..., AbstractAsyncContextManager[Stand]]:
    """Start a consortium whose study runs, on an engine and a kind of ordering."""
    recoveries = request.config.stash.setdefault(_RECOVERIES, [])

    @asynccontextmanager
    async def started(engine: Engine, **topology: object) -> AsyncIterator[Stand]:
        chosen = scenario("breast-cancer", members=4, seed=0, private=True, data=None)
        consortium = LocalConsortium(
            Workspace.create(tmp_path_factory.mktemp("faults") / "demo"), chosen, nursery, engine=engine
        )
        consortium.topology = consortium.topology.model_copy(update=topology)
        times = min(pace(), MOST_PACE)
        # SIGKILL, since the training of some may be frozen.
        async with playing(consortium, times=times, cap="100000", rounds=1000, ends_by=signal.SIGKILL) as it:
            watch = Watch(consortium.connection, consortium.organisation(HOLDS))
            made = Stand(play=it, watch=watch, recoveries=recoveries)
            try:
                await made.begin()
                yield made
            finally:
                await watch.close()

    return started


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def one_orderer(
    stand: Callable[..., AbstractAsyncContextManager[Stand]],
    native: None,  # noqa: ARG001
) -> AsyncIterator[Stand]:
    async with stand(Engine.NATIVE) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def one_orderer_2_5(
    stand: Callable[..., AbstractAsyncContextManager[Stand]],
    chaincode_program: Path,  # noqa: ARG001 - it must be built
) -> AsyncIterator[Stand]:
    named = os.environ.get("QUORATE_FABRIC_BIN_2_5")
    if not named:
        pytest.skip("needs the folder of Fabric 2.5's programs in QUORATE_FABRIC_BIN_2_5")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("QUORATE_FABRIC_BIN", named)
        if (missing := driver(Engine.NATIVE).missing()) is not None:
            pytest.skip(f"needs Fabric 2.5's programs: {missing}")
        async with stand(Engine.NATIVE, fabric_version="2.5") as made:
            yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def three_raft_orderers(
    stand: Callable[..., AbstractAsyncContextManager[Stand]],
    native: None,  # noqa: ARG001
) -> AsyncIterator[Stand]:
    async with stand(Engine.NATIVE, orderer=Orderer(nodes=3)) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def four_smartbft_orderers(
    stand: Callable[..., AbstractAsyncContextManager[Stand]],
    native: None,  # noqa: ARG001
) -> AsyncIterator[Stand]:
    async with stand(Engine.NATIVE, consensus="smartbft", orderer=Orderer(nodes=4)) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def embedded(
    stand: Callable[..., AbstractAsyncContextManager[Stand]],
    embedded_program: Path,  # noqa: ARG001
) -> AsyncIterator[Stand]:
    async with stand(Engine.EMBEDDED) as made:
        yield made


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tell how long each recovery took; nothing is asserted of it."""
    if recoveries := config.stash.get(_RECOVERIES, []):
        terminalreporter.section("recoveries")
        for one in recoveries:
            terminalreporter.line(str(one))
