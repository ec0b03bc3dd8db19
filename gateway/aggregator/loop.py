"""Runs every study's next step as soon as it is due. The ledger is the only state: a restart loses nothing."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, TypeAlias

from gateway.aggregator import decide as steps
from gateway.aggregator.attest import Attester
from gateway.aggregator.doubt import Watchman
from gateway.aggregator.hold import hold_what_is_needed
from quorate.errors import DefectError, QuorateError, TimedOutError
from quorate.identifiers import RoundNumber
from quorate.records.study import NOT_BEGUN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.service.context import GatewayContext
    from gateway.service.state import Projection
    from quorate.identifiers import StudyId
    from quorate.records.consortium import Charter
    from quorate.records.round import RoundView
    from quorate.records.study import StudyView

_log = logging.getLogger(__name__)

_Seen: TypeAlias = "tuple[StudyView | None, RoundView | None, Charter | None]"

_IDLE = 3600.0  # seconds without any change after which a study is looked at again
_AFTER_FAILURE = 2.0  # seconds before a failed step is tried again
_ENDED = frozenset({"COMPLETED", "ABORTED"})


async def run(context: GatewayContext) -> None:
    """Take part in every study of the ledger until cancelled.

    Errors of a step are logged with their code and tried again while the step is still due; anything that is not a
    `QuorateError` is a defect and ends the process.
    """
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hold_what_is_needed(context))
        followed: set[StudyId] = set()
        async for study in _studies(context.state):
            if study not in followed and _has_begun(context.state.studies.get(study)):
                followed.add(study)
                tasks.create_task(_StudyLoop(context, study).run(), name=f"study {study}")


async def _studies(state: Projection) -> AsyncIterator[StudyId]:
    for study in tuple(state.studies):
        yield study
    async for change in state.changes():
        yield change.study


def _has_begun(study: StudyView | None) -> bool:
    return study is not None and study.study.state not in NOT_BEGUN


class _StudyLoop:
    """One study, from its first round to its end."""

    def __init__(self, context: GatewayContext, study: StudyId) -> None:
        self._context = context
        self._study = study
        self._ledger = context.ledger.settling()
        self._attester = Attester(context, study)
        self._watchman = Watchman()

    async def run(self) -> None:
        """Decide, wait until it is due or something changed, act; until the study has ended."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                seen = self._seen()
                study, latest, charter = seen
                self._watch_others()
                if study is not None and study.study.state in _ENDED:
                    return
                decision = self._decide(study, latest, charter)
                if await self._changed(seen, until=decision.at):
                    continue
                if isinstance(decision.step, steps.Attest):
                    self._attester.begin(tasks, decision.step)
                elif decision.step is not None:
                    await self._take(decision.step)

    def _watch_others(self) -> None:
        # All known rounds: the next one may have been opened in the moment in which the last became final.
        for (study, _), view in tuple(self._context.state.rounds.items()):
            if study == self._study:
                self._watchman.look(view)

    def _seen(self) -> _Seen:
        state = self._context.state
        study = state.studies.get(self._study)
        if study is None or not study.rounds:
            return study, None, state.charter
        last = max(summary.round for summary in study.rounds)
        return study, state.rounds.get((self._study, RoundNumber(last))), state.charter

    def _decide(self, study: StudyView | None, latest: RoundView | None, charter: Charter | None) -> steps.Decision:
        if study is None or charter is None or (study.rounds and latest is None):
            return steps.Decision(step=None, at=None)
        decision = steps.decide(
            study,
            latest,
            me=self._context.msp,
            members=[member.msp for member in charter.members],
            now=self._context.clock(),
            skew_ms=charter.clock_skew_ms,
        )
        if latest is not None and isinstance(decision.step, steps.Attest) and self._attester.has_taken(decision.step):
            return steps.Decision(step=None, at=steps.gives_up_at(latest.round))
        return decision

    async def _changed(self, seen: _Seen, *, until: int | None) -> bool:
        """Wait for a change of what was seen; False when `until` (Unix ms) came first."""
        seconds = _IDLE if until is None else (until - self._context.clock()) / 1000
        if seconds <= 0:
            return self._differs(seen)
        try:
            await self._context.state.wait_for(lambda _: self._differs(seen) or None, timeout=seconds)
        except TimedOutError:
            return False
        return True

    def _differs(self, seen: _Seen) -> bool:
        return any(now is not before for now, before in zip(self._seen(), seen, strict=True))

    async def _take(self, step: steps.Step) -> None:
        try:
            await self._submit(step)
            await self._context.state.refresh(self._study, getattr(step, "round", None))
        except QuorateError as error:
            _log.warning("%s of %s was not taken: %s: %s", type(step).__name__, self._study, error.code, error)
            seen = self._seen()
            await self._changed(seen, until=self._context.clock() + int(_AFTER_FAILURE * 1000))

    async def _submit(self, step: steps.Step) -> None:
        match step:
            case steps.Open(round_):
                await self._ledger.round.open(self._study, round_)
            case steps.Seal(round_):
                await self._ledger.round.seal(self._study, round_)
            case steps.Abort(round_):
                await self._ledger.round.abort(self._study, round_)
            case steps.Finalize(round_):
                await self._ledger.round.finalize(self._study, round_)
            case steps.Retry(round_, attempt):
                await self._ledger.round.retry(self._study, round_, attempt=attempt)
            case steps.Complete():
                await self._ledger.study.complete(self._study)
            case steps.Attest():
                raise DefectError("attesting has its own task")
