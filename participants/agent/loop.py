"""Follows the gateway's stream of studies and rounds, and takes part as soon as there is something to do."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from gateway.aggregator.inputs import knows_model
from gateway.fabric.errors import GatewayError
from participants.agent.participation import Participation
from quorate.errors import (
    BudgetError,
    ExpiredError,
    NotFoundError,
    QuorateError,
    StateError,
    StorageError,
    TimedOutError,
    UnreachableError,
)
from quorate.records.study import NOT_BEGUN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from gateway.service.client import RoundChange, StudyChange
    from participants.agent.config import DatasetSection
    from participants.agent.context import AgentContext
    from quorate.identifiers import StudyId
    from quorate.records.round import RoundView
    from quorate.records.study import StudyView

_log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 5.0

# What may be otherwise a moment later although nothing that this agent sees has changed: another process is away, the
# disk is full, a peer is behind, or a network that stood still found the proposal's time too old. As long as the round
# is open, the step is worth another try.
_PASSING: Final = (
    UnreachableError,
    TimedOutError,
    StorageError,
    StateError,
    ExpiredError,
    NotFoundError,
    GatewayError,
)


class AgentLoop:
    """One agent's work.

    Parameters
    ----------
    context
        Who the agent is and what it works with.
    datasets
        The data sets of this agent.
    stop_on_refusal
        Raise `BudgetError` out of `run` when the ledger refuses a charge; otherwise log it and go on with others.
    """

    def __init__(self, context: AgentContext, datasets: Sequence[DatasetSection], *, stop_on_refusal: bool) -> None:
        self._context = context
        self._datasets = {dataset.id: dataset for dataset in datasets}
        self._stop_on_refusal = stop_on_refusal
        self._studies: dict[StudyId, StudyView] = {}
        self._rounds: dict[StudyId, RoundView] = {}
        self._changed: dict[str, asyncio.Event] = {name: asyncio.Event() for name in self._datasets}
        self._tidied: set[tuple[StudyId, int, str]] = set()

    async def run(self, changes: AsyncIterator[StudyChange | RoundChange]) -> None:
        """Work until the stream ends or a charge is refused; one task per data set, so that none waits for another."""
        async with asyncio.TaskGroup() as tasks:
            workers = [tasks.create_task(self._work(dataset)) for dataset in self._datasets.values()]
            async for change in changes:
                self._note(change)
            for worker in workers:
                worker.cancel()

    def _note(self, change: StudyChange | RoundChange) -> None:
        if change.round is None:
            name = change.study.study.study
            if change.study.study.state in NOT_BEGUN:  # has no rounds yet, and anybody may propose any number
                self._studies.pop(name, None)
            else:
                self._studies[name] = change.study
        else:
            known = self._rounds.get(change.round.round.study)
            if known is None or known.round.round <= change.round.round.round:
                self._rounds[change.round.round.study] = change.round
        for event in self._changed.values():
            event.set()

    async def _work(self, dataset: DatasetSection) -> None:
        changed, pause = self._changed[dataset.id], _FIRST_PAUSE
        while True:
            await changed.wait()
            changed.clear()
            if await self._take_part(dataset):
                pause = _FIRST_PAUSE
                continue
            # Something was out of reach: look again soon, or at once when something changes.
            try:
                # Not `wait_for`: in Python 3.11 it loses a cancellation that comes together with the change.
                async with asyncio.timeout(pause):
                    await changed.wait()
            except TimeoutError:
                pause = min(pause * 2, _LONGEST_PAUSE)
            changed.set()

    async def _take_part(self, dataset: DatasetSection) -> bool:
        reached = True
        for name, view in tuple(self._rounds.items()):
            study = self._studies.get(name)
            if study is None or not _takes_part(study, self._context.msp, dataset.id):
                continue
            if not knows_model(study, view.round.base):
                continue  # the study's own change is on its way, and will wake this again
            # First: this round's training may take hours, and an earlier round's secret shall not lie about so long.
            reached &= self._tidy(name, view.round.round, dataset.id)
            reached &= await self._one(Participation(context=self._context, dataset=dataset, study=study, view=view))
        return reached

    def _tidy(self, study: StudyId, round_: int, dataset: str) -> bool:
        """Forget, once per round, what is left of earlier ones: their ends may have passed while the agent was away."""
        if (study, round_, dataset) in self._tidied:
            return True
        try:
            self._context.journal.end_before(study, round_, dataset)
        except StorageError as error:
            _log.warning("earlier rounds of %s are not forgotten yet: %s", study, error)
            return False
        except QuorateError as error:
            _log.error("earlier rounds of %s are not all forgotten: %s: %s", study, error.code, error)
        self._tidied.add((study, round_, dataset))
        return True

    async def _one(self, participation: Participation) -> bool:
        current = participation.view.round
        try:
            await participation.take_part()
        except BudgetError as error:
            if self._stop_on_refusal:
                raise
            _log.error("round %d of %s is not joined: %s", current.round, current.study, error)
        except _PASSING as error:
            _log.warning("round %d of %s waits: %s: %s", current.round, current.study, error.code, error)
            return False
        except QuorateError as error:
            _log.error("round %d of %s: %s: %s", current.round, current.study, error.code, error)
        return True


def _takes_part(study: StudyView, msp: str, dataset: str) -> bool:
    return any((each.msp, each.dataset) == (msp, dataset) for each in study.study.terms.participants)
