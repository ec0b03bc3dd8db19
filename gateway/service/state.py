"""What the ledger says about members, studies and rounds, in memory: shared by watchers, access rules and aggregator.

Chaincode events say what to read anew; the reads are the ledger's own typed answers, so nothing is inferred here.
Waiting is by a condition that every change notifies.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

from gateway.artifacts.access import Facts
from gateway.service.proposals import beyond, worth_reading
from quorate.errors import NotFoundError, StateError, TimedOutError, UnsupportedVersionError, UsageError
from quorate.identifiers import MspId, RoundNumber, StudyId
from quorate.records.study import UNAPPROVED

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping

    from gateway.artifacts.label import Label
    from quorate.records.consortium import Charter, MembersView, MemberView
    from quorate.records.policy import Policy
    from quorate.records.round import RoundView
    from quorate.records.study import Studies, StudyView

_log = logging.getLogger(__name__)

T = TypeVar("T")

KEPT_ROUNDS: Final = 16
"""How many of a study's newest rounds stay in memory; older ones are read when somebody asks."""


class ConsortiumReads(Protocol):
    """What is read of contract `consortium`."""

    async def members(self) -> MembersView:
        """Return the charter in force, the members and their gateways."""
        ...


class PolicyReads(Protocol):
    """What is read of contract `policy`."""

    async def get(self) -> Policy:
        """Return the policy set in force."""
        ...


class StudyReads(Protocol):
    """What is read of contract `study`."""

    async def list(self) -> Studies:
        """Return all studies."""
        ...

    async def get(self, name: str) -> StudyView:
        """Return a study."""
        ...


class RoundReads(Protocol):
    """What is read of contract `round`."""

    async def get(self, study: str, round_: int) -> RoundView:
        """Return a round."""
        ...


class Reads(Protocol):
    """The part of `gateway.ledger.Ledger` that this needs."""

    @property
    def consortium(self) -> ConsortiumReads:
        """Contract `consortium`."""
        ...

    @property
    def policy(self) -> PolicyReads:
        """Contract `policy`."""
        ...

    @property
    def study(self) -> StudyReads:
        """Contract `study`."""
        ...

    @property
    def round(self) -> RoundReads:
        """Contract `round`."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """A study or one of its rounds was read anew."""

    sequence: int
    study: StudyId
    round: RoundNumber | None = None


class Projection:
    """The shared view. Everything in it is a whole record as one peer answered it; nothing is half-updated.

    Parameters
    ----------
    own
        This gateway's organisation.
    reads
        The ledger.
    """

    def __init__(self, own: MspId, reads: Reads) -> None:
        self._own = own
        self._reads = reads
        self._studies: dict[StudyId, StudyView] = {}
        self._rounds: dict[tuple[StudyId, RoundNumber], RoundView] = {}
        self._members: dict[MspId, MemberView] = {}
        self._charter: Charter | None = None
        self._policy: Policy | None = None
        self._height = 0
        self._sequence = 0
        self._changed: dict[tuple[StudyId, RoundNumber | None], int] = {}
        self._condition = asyncio.Condition()

    @property
    def studies(self) -> Mapping[StudyId, StudyView]:
        """Every study that was approved, and so many proposals of each member."""
        return MappingProxyType(self._studies)

    @property
    def rounds(self) -> Mapping[tuple[StudyId, RoundNumber], RoundView]:
        """The newest rounds of every study."""
        return MappingProxyType(self._rounds)

    @property
    def members(self) -> Mapping[MspId, MemberView]:
        """Every member of the consortium; empty before a charter is in force."""
        return MappingProxyType(self._members)

    @property
    def charter(self) -> Charter | None:
        """The charter in force."""
        return self._charter

    @property
    def policy(self) -> Policy | None:
        """The policy set in force; None before a charter is."""
        return self._policy

    @property
    def height(self) -> int:
        """The last block whose events are reflected here."""
        return self._height

    @property
    def sequence(self) -> int:
        """The number of the last change."""
        return self._sequence

    def latest(self, study: StudyId) -> RoundView | None:
        """Return a study's last round; None before the first."""
        view = self._studies.get(study)
        if view is None or not view.rounds:
            return None
        return self._rounds.get((study, RoundNumber(max(summary.round for summary in view.rounds))))

    async def load(self) -> None:
        """Read everything once: members, every study that is kept, and the newest round of each."""
        await self.refresh_members()
        listed = await self._reads.study.list()
        for study in worth_reading(listed.studies):
            try:
                await self.refresh(study)
            except (UsageError, UnsupportedVersionError) as error:  # must not keep the others from being read
                _log.warning("study %s is not understood: %s", study, error)

    async def refresh_members(self) -> None:
        """Read charter, members and policies anew, and wake whoever waits."""
        view = await self._reads.consortium.members()
        if view.members and view.charter is None:  # to go on would be to stand idle, also once the chaincode is newer
            raise UnsupportedVersionError(
                "the chaincode tells the members without their charter: it is older than this"
            )
        self._policy = await self._reads.policy.get() if view.charter else None
        self._charter, self._members = view.charter, {member.msp: member for member in view.members}
        await self._notify()

    async def refresh(self, study: StudyId, round: RoundNumber | None = None) -> None:
        """Read a study and one of its rounds anew, and wake whoever waits, also when nothing has changed.

        Parameters
        ----------
        round
            Which round; by default the last one, when there is any.
        """
        view = await self._study(study)
        if view is None:
            return
        last = max((summary.round for summary in view.rounds), default=0)
        await self._take_round(study, RoundNumber(round or last))
        await self._take_study(study, view)

    async def refresh_round(self, study: StudyId, round: RoundNumber) -> None:
        """Read one round anew without its study, and wake whoever waits."""
        await self._take_round(study, round)

    async def reached(self, height: int) -> None:
        """Record that everything up to this block is reflected here."""
        if height > self._height:
            self._height = height
            await self._notify()

    async def changes(self, after: int = 0) -> AsyncGenerator[Change, None]:
        """Yield what has changed since a sequence number, then every change as it happens.

        Several changes of one study or round in between are one.
        """
        while True:
            async with self._condition:
                while self._sequence <= after:
                    await self._condition.wait()
                found = self._since(after)
                after = self._sequence
            for change in found:
                yield change

    async def wait_for(self, predicate: Callable[[Projection], T | None], *, timeout: float) -> T:  # noqa: ASYNC109 - the standard library's shape
        """Return what `predicate` returns as soon as it is not None; it is asked again after every change.

        Raises
        ------
        TimedOutError
            When that takes longer than `timeout` seconds.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self.until(predicate)
        except TimeoutError as error:
            raise TimedOutError(f"what was waited for did not happen within {timeout:g} s", cause=error) from error

    async def until(self, predicate: Callable[[Projection], T | None]) -> T:
        """Return what `predicate` returns as soon as it is not None, however long that takes."""
        async with self._condition:
            while (found := predicate(self)) is None:
                await self._condition.wait()
            return found

    @property
    def own(self) -> MspId:
        """The organisation whose gateway this is."""
        return self._own

    async def facts(self, label: Label) -> Facts:
        """Return what is known about a label's study and round; what is not in memory is read."""
        study = self._studies.get(label.study) or await self._study(label.study)
        view = None
        if label.round and study is not None:
            key = (label.study, RoundNumber(label.round))
            view = self._rounds.get(key) or await self._round(*key)
        return Facts(own=self._own, members=frozenset(self._members), study=study, round=view, height=self._height)

    async def fresh_facts(self, label: Label) -> Facts:
        """Return the same, read anew."""
        if label.round:
            await self.refresh_round(label.study, RoundNumber(label.round))
        if label.study not in self._studies or not label.round:
            await self.refresh(label.study)
        return await self.facts(label)

    async def _study(self, study: StudyId) -> StudyView | None:
        try:
            return await self._reads.study.get(study)
        except NotFoundError:
            return None

    async def _round(self, study: StudyId, number: RoundNumber) -> RoundView | None:
        try:
            return await self._reads.round.get(study, number)
        except (NotFoundError, StateError):
            return None

    async def _take_study(self, study: StudyId, view: StudyView) -> None:
        self._studies[study] = view
        if view.study.state in UNAPPROVED:
            self._forget_proposals(view.study.proposer)
        await self._note((study, None))

    def _forget_proposals(self, proposer: str) -> None:
        """Forget what is too much of a proposer's studies that nobody has approved."""
        of_theirs = [view.study for view in self._studies.values() if view.study.proposer == proposer]
        for study in beyond([study for study in of_theirs if study.state in UNAPPROVED]):
            name = StudyId(study.study)
            del self._studies[name]
            self._changed.pop((name, None), None)

    async def _take_round(self, study: StudyId, number: RoundNumber) -> None:
        if not number or (view := await self._round(study, number)) is None:
            return
        self._rounds[study, number] = view
        kept = sorted(key for key in self._rounds if key[0] == study)
        for key in kept[:-KEPT_ROUNDS]:
            del self._rounds[key]
            self._changed.pop(key, None)
        await self._note((study, number))

    async def _note(self, key: tuple[StudyId, RoundNumber | None]) -> None:
        self._sequence += 1
        self._changed[key] = self._sequence
        await self._notify()

    async def _notify(self) -> None:
        async with self._condition:
            self._condition.notify_all()

    def _since(self, after: int) -> list[Change]:
        return sorted(_changes(self._changed, after), key=lambda change: change.sequence)


def _changes(changed: Mapping[tuple[StudyId, RoundNumber | None], int], after: int) -> Iterable[Change]:
    return (Change(sequence, *key) for key, sequence in changed.items() if sequence > after)
