"""One data set's part in one round, from the agent's own policy to the commit; every step may be repeated."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.transfer import FileOrigin
from participants.agent import trainable
from participants.agent.journal import Entry, Stage
from participants.agent.update import read_base, update_writer
from participants.data.errors import DataError
from participants.plans.errors import PlanNotApprovedError
from quorate.errors import (
    BudgetError,
    DefectError,
    IntegrityError,
    QuorateError,
    StorageError,
    TimedOutError,
    UnreachableError,
)
from quorate.tensors import Header

if TYPE_CHECKING:
    from participants.agent.config import DatasetSection
    from participants.agent.context import AgentContext
    from quorate.identifiers import MspId
    from quorate.records.round import RoundView
    from quorate.records.study import StudyView

_log = logging.getLogger(__name__)

_FETCH_SECONDS: Final = 120.0
_STORE_SECONDS: Final = 120.0
_ENDED_STUDY: Final = frozenset({"COMPLETED", "REJECTED", "ABORTED"})
_ENDED_ROUND: Final = frozenset({"FINAL", "ABORTED"})
_REFUSED: Final = "refused"
"""Why an entry is given up that the ledger knows about already; any other reason is declined with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """What one data set does in one round.

    A step that cannot be taken now raises; taking part again later goes on where the journal says.
    """

    context: AgentContext
    dataset: DatasetSection
    study: StudyView
    view: RoundView

    async def take_part(self) -> None:
        """Bring this round as far as it can go now.

        Raises
        ------
        BudgetError
            When the ledger refused the charge. It is on record, and the data were not touched.
        """
        entry = self._entry()
        if self._is_over:
            if entry is not None:
                self.context.journal.end(self._noted(entry) if self._has_committed else entry)
        elif self._has_committed:
            await self._offer_again(entry)
        elif self._may_still_join:
            await self._join(entry)

    @property
    def _name(self) -> tuple[MspId, str]:
        return self.context.msp, self.dataset.id

    @property
    def _has_committed(self) -> bool:
        return any((commit.msp, commit.dataset) == self._name for commit in self.view.commits)

    @property
    def _has_declined(self) -> bool:
        return any((decline.msp, decline.dataset) == self._name for decline in self.view.declines)

    @property
    def _may_still_join(self) -> bool:
        return (
            self.study.study.state == "RUNNING"
            and self.view.round.state == "OPEN"
            and not self._has_declined
            and not self._is_charged("REFUSED")
            and all(withdrawal.msp != self.context.msp for withdrawal in self.study.withdrawals)
        )

    @property
    def _is_over(self) -> bool:
        return self.study.study.state in _ENDED_STUDY or self.view.round.state in _ENDED_ROUND

    def _is_charged(self, status: str) -> bool:
        return any(
            (charge.msp, charge.dataset) == self._name and charge.status == status for charge in self.view.reservations
        )

    def _entry(self) -> Entry | None:
        current = self.view.round
        found = self.context.journal.find(current.study, current.round, self.dataset.id)
        if found is not None and found.base != current.base:
            raise IntegrityError(
                f"the journal has {found.base} as the base of round {current.round} of {current.study}, "
                f"and the ledger {current.base}: the journal belongs to another ledger",
                hint="Give this agent a state directory of its own for this ledger.",
            )
        return found

    async def _join(self, entry: Entry | None) -> None:
        if entry is not None and entry.stage.is_done:
            await self._go_on(entry)
            return
        objection = await self._objection()
        if objection is not None:
            _log.warning("round %d of %s is declined: %s", self.view.round.round, self.view.round.study, objection)
            if entry is not None:
                self._give_up(entry, "policy")
            await self._decline("policy")
        elif entry is None and self._is_charged("GRANTED"):
            # Charged, but what the secret was is lost with the journal: training again would be a second release.
            _log.error("round %d of %s is given up: its journal is lost", self.view.round.round, self.view.round.study)
            await self._decline("failed")
        else:
            await self._go_on(entry or self._begin())

    async def _objection(self) -> str | None:
        """Return why this round may not be joined: local rules and abilities first, then the consortium's policies."""
        study = self.study.study
        local = self.context.policy.objection(study.study, study.terms, is_approved=self.context.is_approved)
        return (
            _too_few_left(self.study)
            or local
            or trainable.objection(study.terms, self.dataset.binding)
            or await self.context.ledger_policy.objection(study, self.dataset.id)
        )

    def _begin(self) -> Entry:
        current = self.view.round
        fresh = Entry.begin(study=current.study, round_=current.round, dataset=self.dataset.id, base=current.base)
        return self.context.journal.record(fresh)

    def _give_up(self, entry: Entry, reason: str) -> Entry:
        return self.context.journal.record(replace(entry, stage=Stage.GIVEN_UP, reason=reason))

    async def _go_on(self, entry: Entry) -> None:
        if entry.stage is Stage.STARTED:
            entry = await self._reserve(entry)
        if entry.stage is Stage.RESERVED or (entry.stage is Stage.STORED and not await self._holds_update(entry)):
            entry = await self._train_or_give_up(entry)
        if entry.stage is Stage.STORED:
            await self._store(entry)
            await self._commit(entry)
        elif entry.stage is Stage.GIVEN_UP and entry.reason != _REFUSED:
            await self._decline(entry.reason)

    async def _reserve(self, entry: Entry) -> Entry:
        # Nothing is charged for a round whose base cannot be had.
        await self.context.models.hold(self.study, entry.base, within=_FETCH_SECONDS)
        if self.study.study.terms.privacy.mechanism != "none":
            try:
                await self.context.ledger.settling().privacy.reserve(
                    study=entry.study, round_=entry.round, dataset=entry.dataset
                )
            except BudgetError:
                self._give_up(entry, _REFUSED)
                raise
        return self.context.journal.record(replace(entry, stage=Stage.RESERVED))

    async def _holds_update(self, entry: Entry) -> bool:
        return await asyncio.to_thread(self.context.journal.holds_update, entry)

    async def _train_or_give_up(self, entry: Entry) -> Entry:
        try:
            return await self._train(entry)
        except (UnreachableError, TimedOutError, StorageError):
            raise
        except QuorateError as error:
            _log.error("round %d of %s is given up: %s: %s", entry.round, entry.study, error.code, error)
            return self._give_up(entry, _decline_reason(error))

    async def _train(self, entry: Entry) -> Entry:
        terms = self.study.study.terms
        async with self.context.models.open(self.study, entry.base, within=_FETCH_SECONDS) as file:
            base = await asyncio.to_thread(read_base, self.study, entry.base, file)
        trained = await self.context.trainer.train(
            dataset=self.dataset, entry=entry, terms=terms, base=base.floats(scale_bits=terms.scale_bits)
        )
        header = Header.update(
            study=entry.study, round=entry.round, msp=self.context.msp, dataset=entry.dataset, base=entry.base
        )
        writer = await asyncio.to_thread(
            update_writer, base, trained, header=header, scale_bits=terms.scale_bits, bound=terms.bound
        )
        return await asyncio.to_thread(self.context.journal.store_update, entry, writer)

    async def _store(self, entry: Entry) -> None:
        origin = FileOrigin(self.context.journal.update_path(entry))
        await self.context.artifacts.put(self._description(entry), origin, within=_STORE_SECONDS)

    def _description(self, entry: Entry) -> Description:
        if entry.update is None:
            raise DefectError(f"round {entry.round} of {entry.study} has no update yet")
        label = Label.of(
            kind=Kind.UPDATE, study=entry.study, round=entry.round, msp=self.context.msp, dataset=entry.dataset
        )
        size = self.context.journal.update_path(entry).stat().st_size
        return Description(digest=entry.update, size=size, label=label)

    async def _commit(self, entry: Entry) -> None:
        record = await self.context.ledger.settling().round.commit(
            entry.study, entry.round, dataset=entry.dataset, base=entry.base, update=str(entry.update)
        )
        self.context.journal.record(replace(entry, stage=Stage.COMMITTED))
        if record.status == "LATE":
            _log.warning("round %d of %s: the commit came too late to be included", entry.round, entry.study)

    async def _offer_again(self, entry: Entry | None) -> None:
        """Note a commit whose answer was lost; store the update anew when the gateway lost it."""
        if entry is None:
            return
        entry = self._noted(entry)
        if entry.update is None or not self.context.journal.update_path(entry).is_file():
            return
        if not (await self.context.artifacts.stat(entry.update)).complete:
            await self._store(entry)

    def _noted(self, entry: Entry) -> Entry:
        """Note that the ledger has the commit, whatever the agent had come to know of it."""
        if entry.stage is Stage.COMMITTED:
            return entry
        return self.context.journal.record(replace(entry, stage=Stage.COMMITTED))

    async def _decline(self, reason: str) -> None:
        current = self.view.round
        await self.context.ledger.settling().round.decline(
            current.study, current.round, dataset=self.dataset.id, reason=reason
        )


def _too_few_left(view: StudyView) -> str | None:
    """Return why no round can become final any more, if so: what is charged for one would be lost, round by round."""
    terms, gone = view.study.terms, {withdrawal.msp for withdrawal in view.withdrawals}
    left = sum(participant.msp not in gone for participant in terms.participants)
    if left >= terms.minimum_commits:
        return None
    return f"{left} participants have not withdrawn, and a round needs {terms.minimum_commits} commits"


def _decline_reason(error: QuorateError) -> str:
    if isinstance(error, DataError):
        return "data"
    return "policy" if isinstance(error, PlanNotApprovedError) else "failed"
