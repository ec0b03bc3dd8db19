"""One data set's part in one round, from the agent's own policy to the commit; every step may be repeated."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.transfer import FileOrigin
from participants.agent.journal import Entry, Stage
from participants.agent.update import read_base, update_writer
from participants.data.errors import DataError
from participants.plans.errors import PlanNotApprovedError
from quorate.errors import BudgetError, ExpiredError, QuorateError, StateError, TimedOutError, UnreachableError
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """What one data set does in one round.

    A step that needs another process and cannot reach it raises `UnreachableError` or `TimedOutError`; taking part
    again later goes on where the journal says.
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
        if self._is_over:
            self._forget()
            return
        entry = self._entry()
        if self._has_committed:
            await self._offer_again(entry)
        elif self.view.round.state == "OPEN" and not self._has_declined:
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
    def _is_over(self) -> bool:
        return self.view.round.state in {"FINAL", "ABORTED"}

    @property
    def _is_refused(self) -> bool:
        return any(
            (charge.msp, charge.dataset) == self._name and charge.status == "REFUSED"
            for charge in self.view.reservations
        )

    @property
    def _is_reserved(self) -> bool:
        return any(
            (charge.msp, charge.dataset) == self._name and charge.status == "GRANTED"
            for charge in self.view.reservations
        )

    def _entry(self) -> Entry | None:
        current = self.view.round
        return self.context.journal.find(current.study, current.round, self.dataset.id)

    def _forget(self) -> None:
        entry = self._entry()
        if entry is not None:
            self.context.journal.forget_update(entry)
            if not entry.stage.is_done:
                self.context.journal.record(replace(entry, stage=Stage.GIVEN_UP, reason="the round has ended"))

    async def _join(self, entry: Entry | None) -> None:
        if self._is_refused:
            return
        objection = await self._objection()
        if objection is not None:
            _log.warning("round %d of %s is declined: %s", self.view.round.round, self.view.round.study, objection)
            await self._decline("policy")
            return
        if entry is None and self._is_reserved:
            # Charged, but what the secret was is lost with the journal: training again would be a second release.
            _log.error("round %d of %s is given up: its journal is lost", self.view.round.round, self.view.round.study)
            await self._decline("failed")
            return
        await self._go_on(entry or self._begin())

    async def _objection(self) -> str | None:
        """Return why this round may not be joined: local rules first, then the consortium's policies."""
        study = self.view.round.study
        return self.context.policy.objection(
            study, self.study.study.terms, is_approved=self.context.is_approved
        ) or await self.context.ledger_policy.objection(study, self.dataset.id)

    def _begin(self) -> Entry:
        current = self.view.round
        fresh = Entry.begin(study=current.study, round_=current.round, dataset=self.dataset.id, base=current.base)
        return self.context.journal.record(fresh)

    async def _go_on(self, entry: Entry) -> None:
        if entry.stage is Stage.GIVEN_UP:
            await self._decline("failed")
            return
        if entry.stage is Stage.STARTED:
            entry = await self._reserve(entry)
        if entry.stage is Stage.RESERVED or not await asyncio.to_thread(self.context.journal.holds_update, entry):
            entry = await self._train_or_give_up(entry)
        if entry.stage is Stage.STORED:
            await self._store(entry)
            await self._commit(entry)

    async def _reserve(self, entry: Entry) -> Entry:
        if self.study.study.terms.privacy.mechanism != "none":
            try:
                await self.context.ledger.settling().privacy.reserve(
                    study=entry.study, round_=entry.round, dataset=entry.dataset
                )
            except BudgetError as error:
                self.context.journal.record(replace(entry, stage=Stage.GIVEN_UP, reason=error.message))
                raise
        return self.context.journal.record(replace(entry, stage=Stage.RESERVED))

    async def _train_or_give_up(self, entry: Entry) -> Entry:
        try:
            return await self._train(entry)
        except (UnreachableError, TimedOutError):
            raise
        except QuorateError as error:
            _log.error("round %d of %s is given up: %s: %s", entry.round, entry.study, error.code, error)
            self.context.journal.record(replace(entry, stage=Stage.GIVEN_UP, reason=error.code))
            data_is_at_fault = isinstance(error, DataError)
            await self._decline("data" if data_is_at_fault else _reason(error))
            return replace(entry, stage=Stage.GIVEN_UP)

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
            raise StateError(f"round {entry.round} of {entry.study} has no update yet")
        label = Label.of(
            kind=Kind.UPDATE, study=entry.study, round=entry.round, msp=self.context.msp, dataset=entry.dataset
        )
        size = self.context.journal.update_path(entry).stat().st_size
        return Description(digest=entry.update, size=size, label=label)

    async def _commit(self, entry: Entry) -> None:
        ledger = self.context.ledger.settling()
        try:
            record = await ledger.round.commit(
                entry.study, entry.round, dataset=entry.dataset, base=entry.base, update=str(entry.update)
            )
        except (StateError, ExpiredError) as error:
            _log.warning("round %d of %s closed before the commit: %s", entry.round, entry.study, error)
            self.context.journal.record(replace(entry, stage=Stage.GIVEN_UP, reason="the round closed first"))
            return
        self.context.journal.record(replace(entry, stage=Stage.COMMITTED))
        if record.status == "LATE":
            _log.warning("round %d of %s: the commit came too late to be included", entry.round, entry.study)

    async def _offer_again(self, entry: Entry | None) -> None:
        """Store the update anew when the gateway lost it; note a commit whose answer was lost."""
        if entry is None or entry.update is None:
            return
        if entry.stage is not Stage.COMMITTED:
            self.context.journal.record(replace(entry, stage=Stage.COMMITTED))
        if self.context.journal.update_path(entry).is_file():
            description = self._description(entry)
            if not (await self.context.artifacts.stat(description.digest)).complete:
                await self._store(entry)

    async def _decline(self, reason: str) -> None:
        current = self.view.round
        await self.context.ledger.settling().round.decline(
            current.study, current.round, dataset=self.dataset.id, reason=reason
        )


def _reason(error: QuorateError) -> str:
    return "policy" if isinstance(error, PlanNotApprovedError) else "failed"
