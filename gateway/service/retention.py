"""Which artefacts have served their time: a pure function of what the ledger says, and the task that acts on it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from gateway.artifacts.access import is_named
from gateway.artifacts.label import Kind
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from gateway.artifacts.label import Description
    from gateway.artifacts.store import ArtifactStore
    from gateway.service.clock import Clock
    from gateway.service.config import RetentionSection
    from gateway.service.state import Projection
    from quorate.identifiers import MspId
    from quorate.records.study import Study, StudyView

_log = logging.getLogger(__name__)

_DAY_MS: Final = 86_400_000
_UNCLAIMED_DAYS: Final = 7.0
_SWEEP_SECONDS: Final = 600.0
_ENDED_ROUND: Final = frozenset({"FINAL", "ABORTED"})
_ENDED_STUDY: Final = frozenset({"COMPLETED", "ABORTED", "REJECTED"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """What an artefact's own record says: when it came, and what time it is now, in Unix milliseconds."""

    since: int
    now: int


def is_over(
    description: Description, study: StudyView | None, age: Age, rules: RetentionSection, *, own: MspId
) -> bool:
    """Tell whether an artefact has served its time under this label.

    - An update: once its round is final or aborted, once its study has ended, or with the study's other artefacts, as
      the rules say.
    - A final model that did not become final: once its round has ended. One that did: with its study.
    - What another organisation's study named in terms that were proposed anew since: at once, or whoever proposes again
      and again would fill the others' disks. The proposer's own gateway has what it will name next.
    - Everything of a study: some days after the study's end.
    - What belongs to a study that the ledger does not know: a week after it came.
    """
    if study is None:
        return age.now - age.since > _UNCLAIMED_DAYS * _DAY_MS
    if _end_of(study.study) is not None and _is_past(study.study, age, rules):
        return True
    label = description.label
    found = next((summary for summary in study.rounds if summary.round == label.round), None)
    ended = found is not None and found.state in _ENDED_ROUND
    match label.kind:
        case Kind.UPDATE:
            return _update_is_over(study.study, rules, ended=ended)
        case Kind.FINAL_MODEL:
            return ended and found is not None and found.model != description.digest
        case kind:
            return study.study.proposer != own and not is_named(description.digest, kind, study)


def _update_is_over(study: Study, rules: RetentionSection, *, ended: bool) -> bool:
    match rules.updates_until:
        case "round":
            return ended or study.state in _ENDED_STUDY
        case "study":
            return study.state in _ENDED_STUDY
        case _:
            return False


def _end_of(study: Study) -> int | None:
    if study.state not in _ENDED_STUDY:
        return None
    stamp = study.completed or (study.closed.stamp if study.closed else None) or study.proposed
    return stamp.claimed_time


def _is_past(study: Study, age: Age, rules: RetentionSection) -> bool:
    return age.now - (_end_of(study) or age.now) > rules.ended_study_days * _DAY_MS


def basis_of(study: StudyView | None, rules: RetentionSection) -> str:
    """Return by which of the rules an artefact went, for the record of deletions."""
    if study is None:
        return f"of no study on the ledger for {_UNCLAIMED_DAYS:g} days"
    kept = f"updates until {rules.updates_until}, the rest {rules.ended_study_days:g} days after the study"
    return f"retention: {kept}; the study is {study.study.state}"


class Deleted(Protocol):
    """Told of everything that is about to be removed."""

    async def __call__(self, description: Description, basis: str) -> None:
        """Record it."""
        ...


class Sweeper:
    """Removes what has served its time, after every change of a study and from time to time."""

    def __init__(
        self,
        store: ArtifactStore,
        state: Projection,
        clock: Clock,
        *,
        rules: RetentionSection,
        unfinished_seconds: float,
        deleted: Deleted | None = None,
    ) -> None:
        self._store = store
        self._state = state
        self._clock = clock
        self._rules = rules
        self._unfinished_seconds = unfinished_seconds
        self._deleted = deleted

    async def run(self) -> None:
        """Sweep until cancelled."""
        after = 0
        while True:
            await self.sweep()
            try:
                async with asyncio.timeout(_SWEEP_SECONDS):
                    async for change in self._state.changes(after):
                        after = change.sequence
                        if change.round is None:
                            break
            except TimeoutError:
                continue

    async def sweep(self) -> int:
        """Remove what has served its time; return how many labels went. Trouble with the disk is logged."""
        now, removed = self._clock(), 0
        try:
            await self._store.discard_older(now / 1000 - self._unfinished_seconds)
            for description in self._store.listing():
                study = self._state.studies.get(description.label.study)
                age = Age(since=self._store.since(description.digest), now=now)
                if is_over(description, study, age, self._rules, own=self._state.own):
                    if self._deleted is not None:  # first: what cannot be recorded stays
                        await self._deleted(description, basis_of(study, self._rules))
                    await self._store.remove(description.digest, description.label)
                    removed += 1
        except QuorateError as error:
            _log.warning("old artefacts could not be removed: %s", error)
        return removed
