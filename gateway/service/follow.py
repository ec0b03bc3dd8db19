"""Keeps the shared view of the ledger up to date: chaincode events say what has changed, and that is read anew."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from quorate.errors import QuorateError, UnsupportedVersionError, UsageError
from quorate.identifiers import RoundNumber, StudyId
from quorate.records.events import EVENT_NAME, Events

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from gateway.fabric import ChaincodeEvent, Checkpointer, EventStream
    from gateway.service.state import Projection

_log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0
# Events that add to a round without moving it, so that its study need not be read with it.
_WITHIN_A_ROUND: Final = frozenset(
    {
        "privacy.reserved",
        "privacy.refused",
        "round.declined",
        "round.committed",
        "round.attested",
    }
)


class EventSource(Protocol):
    """Opens the stream of the chaincode's events where the checkpointer stands, or at the first block."""

    def __call__(self, checkpointer: Checkpointer) -> EventStream[ChaincodeEvent]:
        """Return a new stream."""
        ...


@dataclass(slots=True)
class _Dirty:
    """What has to be read anew."""

    everything: bool = False
    members: bool = False
    studies: set[StudyId] = field(default_factory=set)
    rounds: set[tuple[StudyId, RoundNumber]] = field(default_factory=set)
    last: ChaincodeEvent | None = None

    def note(self, event: ChaincodeEvent) -> None:
        self.last = event
        try:
            facts = Events.parse(event.payload).events if event.event_name == EVENT_NAME else []
        except QuorateError as error:
            _log.warning("block %d has an event that is not understood: %s", event.block_number, error)
            self.everything, facts = True, []
        for fact in facts:
            self.members |= fact.type.startswith(("consortium.", "gateway.", "policy."))
            if fact.study and fact.type not in _WITHIN_A_ROUND:
                self.studies.add(StudyId(fact.study))
            if fact.study and fact.round:
                self.rounds.add((StudyId(fact.study), RoundNumber(fact.round)))


class Follower:
    """Two tasks: one takes events as they come, the other reads what they touched, many at once when it lags.

    Parameters
    ----------
    state
        The view to keep up to date.
    source
        Where events come from.
    checkpointer
        Remembers what is reflected. What came after it is read again after a restart.
    """

    def __init__(self, state: Projection, source: EventSource, checkpointer: Checkpointer) -> None:
        self._state = state
        self._source = source
        self._checkpointer = checkpointer
        self._dirty = _Dirty()
        self._wake = asyncio.Event()
        self.loaded = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled. A ledger that cannot be reached is tried again and again."""
        await self._until_done(self._state.load)
        await self._state.reached(self._checkpointer.block_number)
        self.loaded.set()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._read())

    async def _listen(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                async with self._source(self._checkpointer) as events:
                    async for event in events:
                        pause = _FIRST_PAUSE
                        self._dirty.note(event)
                        self._wake.set()
            except QuorateError as error:
                _log.warning("the stream of events broke: %s", error)
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _read(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            taken, self._dirty = self._dirty, _Dirty()
            await self._until_done(lambda taken=taken: self._reflect(taken))

    async def _reflect(self, taken: _Dirty) -> None:
        if taken.everything:
            await self._state.load()
        if taken.members:
            await self._state.refresh_members()
        newest = {study: max((r for s, r in taken.rounds if s == study), default=None) for study in taken.studies}
        async with asyncio.TaskGroup() as tasks:
            for study, number in newest.items():
                tasks.create_task(_unless_strange(self._state.refresh(study, number)))
            for study, number in taken.rounds - set(newest.items()):
                tasks.create_task(_unless_strange(self._state.refresh_round(study, number)))
        if taken.last:
            await self._state.reached(taken.last.block_number)
            await asyncio.to_thread(self._checkpointer.checkpoint_chaincode_event, taken.last)

    async def _until_done(self, step: _Step) -> None:
        pause = _FIRST_PAUSE
        while True:
            try:
                return await step()
            except* QuorateError as group:
                _log.warning("the ledger could not be read: %s", group.exceptions[0])
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)


class _Step(Protocol):
    async def __call__(self) -> None: ...


async def _unless_strange(read: Coroutine[None, None, None]) -> None:
    # A record that this version cannot read must not keep the others from being read.
    try:
        await read
    except (UsageError, UnsupportedVersionError) as error:
        _log.warning("a record on the ledger is not understood: %s", error)
