"""The demo's running consortium: up in order, down in order, or left running."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from participants.demo.local import LocalConsortium
from participants.demo.processes import Nursery

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from participants.demo.board import Board
    from participants.demo.founding import People
    from participants.demo.options import DemoOptions
    from participants.demo.scenario import Scenario
    from participants.demo.workspace import Workspace
    from quorate.records.study import Terms


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A consortium whose study has been started."""

    options: DemoOptions
    consortium: LocalConsortium
    people: People
    terms: Terms

    @property
    def scenario(self) -> Scenario:
        """What is trained."""
        return self.consortium.scenario

    @property
    def workspace(self) -> Workspace:
        """Where everything lies."""
        return self.consortium.workspace

    @property
    def nursery(self) -> Nursery:
        """What forks agents and jobs."""
        return self.consortium.nursery


@asynccontextmanager
async def stage(options: DemoOptions, scenario: Scenario, workspace: Workspace, board: Board) -> AsyncIterator[Stage]:
    """Bring a consortium up to a running study; take it down in the end, unless it went well and is to be kept.

    Raises
    ------
    QuorateError
        What any of its steps raised; everything started is taken down then.
    """
    nursery = await Nursery.start(workspace.nursery)
    consortium = LocalConsortium(workspace, scenario, nursery, keep=options.keep, engine=options.engine)
    went_well = False
    try:
        board.say("starting the ledger and the members' gateways while the training stack is imported")
        yield await _raised(consortium, options, board)
        went_well = True
    finally:
        if went_well and options.keep:
            await consortium.release()
            await nursery.release()
        else:
            await nursery.close()
            await consortium.close()


async def _raised(consortium: LocalConsortium, options: DemoOptions, board: Board) -> Stage:
    consortium.start_network()
    await consortium.start_gateways()
    people = await consortium.found()
    board.say(f"consortium founded: {', '.join(consortium.scenario.members)}")
    await consortium.nursery.wait_ready()
    await consortium.start_agents()
    prepared = await consortium.prepare()
    terms = await consortium.terms(prepared, rounds=options.rounds, people=people)
    await consortium.agree(terms, prepared, cap=options.cap, people=people)
    board.say("study voted, accepted by every participant, and started")
    return Stage(options=options, consortium=consortium, people=people, terms=terms)
