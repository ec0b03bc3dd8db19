"""Whole consortia of real processes, each with its own ledger; one nursery imports the training stack for all."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from network.engine import Engine
from participants.demo.local import LocalConsortium
from participants.demo.processes import Nursery
from participants.demo.scenario import scenario
from participants.demo.workspace import Workspace
from tests.e2e.play import playing
from tests.pace import pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from network.engine import Driver
    from tests.e2e.play import Play


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nursery(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Nursery]:
    """Start the process that forks agents; every test ends its own agents."""
    made = await Nursery.start(tmp_path_factory.mktemp("nursery"))
    yield made
    await made.close()


@pytest.fixture
def engine(request: pytest.FixtureRequest, fabric_engine: Driver) -> Engine:  # noqa: ARG001 - gives its parameter
    """Return what the ledger runs on (``--fabric-engine``); its program is built."""
    found = Engine(request.node.callspec.params["fabric_engine"])
    request.getfixturevalue("embedded_program" if found is Engine.EMBEDDED else "chaincode_program")
    return found


@pytest.fixture
def play(nursery: Nursery, tmp_path: Path, engine: Engine) -> Callable[..., AbstractAsyncContextManager[Play]]:
    """Start a consortium up to a study that is ready to start, with changed terms if wanted.

    Its time-outs are those of an idle machine: on a busy one they are longer by as much as it is slower.
    """

    @asynccontextmanager
    async def started(*, rounds: int = 2, private: bool = True, cap: str = "2", **terms: object) -> AsyncIterator[Play]:
        chosen = scenario("breast-cancer", members=4, seed=0, private=private, data=None)
        consortium = LocalConsortium(Workspace.create(tmp_path / "demo"), chosen, nursery, engine=engine)
        async with playing(consortium, times=pace(), cap=cap, rounds=rounds, **terms) as it:
            yield it

    return started
