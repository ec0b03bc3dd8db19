"""Plans of studies that this agent is in, laid before the operator: fetched, never run, waiting for approval."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from gateway.artifacts.label import Description, Kind, Label
from participants.plans.document import DOCUMENT_LIMIT
from quorate.errors import NotFoundError, QuorateError, UnreachableError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.artifacts.store import ArtifactStore
    from gateway.artifacts.transfer import ArtifactClient
    from gateway.service.client import RoundChange, StudyChange
    from participants.plans.approved import ApprovedPlans
    from quorate.digest import Digest
    from quorate.identifiers import MspId, StudyId
    from quorate.records.study import StudyView

_log = logging.getLogger(__name__)

_OPEN: Final = frozenset({"PROPOSED", "APPROVED", "READY", "RUNNING", "SUSPENDED"})
_FETCH_SECONDS: Final = 60.0
_PAUSE: Final = 2.0


class PlanOffers:
    """Keeps what the operator may want to approve (``quorate plan list``).

    Parameters
    ----------
    msp
        The agent's organisation; plans of studies without it are of no concern.
    plans
        Where offered and approved plans lie.
    store, client
        Where fetched bytes pass through, and the gateway they come from.
    """

    def __init__(self, msp: MspId, plans: ApprovedPlans, store: ArtifactStore, client: ArtifactClient) -> None:
        self._msp = msp
        self._plans = plans
        self._store = store
        self._client = client
        self._noted: asyncio.Queue[StudyView] = asyncio.Queue()
        self._missing: dict[StudyId, StudyView] = {}
        self._again = 0.0  # when what is missing is asked for again, by the loop's clock
        self._offered: dict[StudyId, Digest] = {}

    async def passing(
        self, changes: AsyncIterator[StudyChange | RoundChange]
    ) -> AsyncIterator[StudyChange | RoundChange]:
        """Yield the same changes, and note the studies among them."""
        async for change in changes:
            if change.study is not None:
                self._noted.put_nowait(change.study)
            yield change

    async def run(self) -> None:
        """Offer the plans of noted studies until cancelled; what the gateway does not have yet is asked for again."""
        while True:
            for study in await self._next():
                await self._try(study)

    async def _next(self) -> list[StudyView]:
        """Return those whose plans were not there, once in a while, and else the study that was noted next.

        What is not there must not delay what is: anybody may propose studies whose plans nobody has.
        """
        clock = asyncio.get_running_loop().time
        if not self._missing or clock() < self._again:
            try:
                async with asyncio.timeout_at(self._again if self._missing else None):
                    return [await self._noted.get()]
            except TimeoutError:
                pass
        self._again = clock() + _PAUSE
        return list(self._missing.values())

    async def _try(self, study: StudyView) -> None:
        name = study.study.study
        if self._missing.pop(name, None) is None and not self._missing:
            self._again = asyncio.get_running_loop().time() + _PAUSE
        try:
            await self._withdraw_former(study)
            await self.offer(study)
        except (UnreachableError, NotFoundError) as error:
            _log.info("the plan of study %s is not here yet: %s", name, error)
            self._missing[name] = study
        except QuorateError as error:
            _log.warning("the plan of study %s cannot be offered: %s: %s", name, error.code, error)

    async def _withdraw_former(self, study: StudyView) -> None:
        """Take back what was offered for a study that has ended, or was proposed anew with another plan."""
        former = self._offered.get(study.study.study)
        if former is None or (former == study.study.terms.plan and self._concerns(study)):
            return
        del self._offered[study.study.study]
        if former not in self._offered.values():
            await asyncio.to_thread(self._plans.withdraw, former)

    async def offer(self, study: StudyView) -> None:
        """Lay a study's plan before the operator, unless it is here already or no concern of this agent.

        Raises
        ------
        UnreachableError
            When the gateway does not have it yet.
        UsageError
            When it is larger than a plan may be, or no plan document.
        StorageError
            When it cannot be kept.
        """
        plan = study.study.terms.plan
        if not self._concerns(study):
            return
        if await asyncio.to_thread(self._plans.holds, plan):
            self._offered[study.study.study] = plan
            return
        held = await self._client.stat(plan)
        if not held.complete:
            raise UnreachableError(f"the gateway does not have the plan {plan} yet")
        if not 0 < held.size <= DOCUMENT_LIMIT:
            raise UsageError(f"the plan {plan} has {held.size} bytes, more than {DOCUMENT_LIMIT}")
        document = await self._fetch(plan, held.size, study)
        await asyncio.to_thread(self._plans.offer, document)
        self._offered[study.study.study] = plan
        _log.warning(
            "plan %s of study %s waits for this operator: read it (quorate plan list), then quorate plan approve %s",
            plan,
            study.study.study,
            plan,
        )

    def _concerns(self, study: StudyView) -> bool:
        participants = {participant.msp for participant in study.study.terms.participants}
        return study.study.state in _OPEN and self._msp in participants

    async def _fetch(self, plan: Digest, size: int, study: StudyView) -> bytes:
        label = Label(kind=Kind.PLAN, study=study.study.study)
        await self._client.get(Description(digest=plan, size=size, label=label), self._store, within=_FETCH_SECONDS)
        async with self._store.reading(plan) as file:
            document = await asyncio.to_thread(file.read, DOCUMENT_LIMIT + 1)
        await self._store.remove(plan, label)
        return document
