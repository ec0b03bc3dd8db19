from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from gateway.artifacts.store import ArtifactStore
from participants.agent.offers import PlanOffers
from participants.plans.approved import ApprovedPlans
from participants.plans.shipped.catalogue import shipped
from quorate.digest import digest_of
from quorate.errors import UnreachableError, UsageError
from tests.unit.gateway.aggregator.ledger_model import STUDY
from tests.unit.participants.agent.machine import ME, Machine, machine_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from quorate.digest import Digest
    from quorate.records.study import StudyView


class Desk:
    """An agent's machine with a study whose plan nobody has approved."""

    def __init__(self, machine: Machine, plans: ApprovedPlans, store: ArtifactStore, document: bytes) -> None:
        self.machine, self.plans, self.document = machine, plans, document
        self.offers = PlanOffers(ME, plans, store, machine.context.artifacts)

    def study(self, *, state: str = "PROPOSED", plan: bytes | None = None, name: str = STUDY) -> StudyView:
        view = self.machine.model.study_view()
        terms = view.study.terms.model_copy(update={"plan": digest_of(plan or self.document)})
        study = view.study.model_copy(update={"study": name, "terms": terms, "state": state})
        return view.model_copy(update={"study": study})

    def waiting(self) -> list[Digest]:
        return [entry.digest for entry in self.plans.list()]

    async def note(self, *studies: StudyView, until: Digest) -> None:
        """Let these studies pass by, until a plan is here."""

        async def changes() -> AsyncIterator[SimpleNamespace]:
            for study in studies:
                yield SimpleNamespace(study=study, round=None)

        async with asyncio.timeout(60):
            offering = asyncio.create_task(self.offers.run())
            assert [change.study async for change in self.offers.passing(changes())] == list(studies)
            while until not in self.waiting():  # noqa: ASYNC110 (a directory says it)
                await asyncio.sleep(0.01)
            offering.cancel()

    def serve(self, document: bytes) -> None:
        self.machine.artifacts.held[digest_of(document)] = document


@pytest.fixture
async def desk(tmp_path: Path) -> Desk:
    store = await ArtifactStore.open(tmp_path / "offers")
    return Desk(await machine_in(tmp_path), ApprovedPlans(tmp_path / "desk"), store, shipped("breast-cancer").encode())


async def test_a_plan_is_laid_before_the_operator_and_not_approved(desk: Desk):
    desk.serve(desk.document)
    await desk.offers.offer(desk.study())
    [entry] = desk.plans.list()
    assert (entry.digest, entry.approved) == (digest_of(desk.document), False)
    desk.plans.approve(entry.digest)
    assert desk.plans.document(entry.digest) == desk.document


async def test_a_plan_that_is_here_is_not_fetched_again(desk: Desk):
    desk.serve(desk.document)
    await desk.offers.offer(desk.study())
    await desk.offers.offer(desk.study(state="RUNNING"))
    assert desk.machine.fate.done.count("get") == 1


@pytest.mark.parametrize("state", ["COMPLETED", "REJECTED", "ABORTED"])
async def test_the_plan_of_a_study_that_has_ended_is_no_concern(desk: Desk, state: str):
    await desk.offers.offer(desk.study(state=state))
    assert desk.plans.list() == []


async def test_what_is_no_plan_is_not_offered(desk: Desk):
    desk.serve(b"not a plan")
    with pytest.raises(UsageError):
        await desk.offers.offer(desk.study(plan=b"not a plan"))
    assert desk.plans.list() == []


async def test_a_plan_that_the_gateway_does_not_have_yet_is_unreachable(desk: Desk):
    with pytest.raises(UnreachableError, match="does not have the plan"):
        await desk.offers.offer(desk.study())


async def test_studies_pass_by_and_their_plans_are_offered(desk: Desk):
    desk.serve(desk.document)
    await desk.note(desk.study(), until=digest_of(desk.document))


async def test_plans_that_nobody_has_do_not_delay_those_that_are_there(desk: Desk):
    """Anybody may propose any number of studies with a plan that is nowhere."""
    desk.serve(desk.document)
    nowhere = [desk.study(plan=b"plan %d" % number, name=f"s{number}") for number in range(100)]
    await desk.note(*nowhere, desk.study(), until=digest_of(desk.document))


async def test_a_plan_that_comes_later_is_offered_then(desk: Desk):
    offering = asyncio.create_task(desk.note(desk.study(), until=digest_of(desk.document)))
    async with asyncio.timeout(60):
        while "stat" not in desk.machine.fate.done:  # noqa: ASYNC110 (a list says it)
            await asyncio.sleep(0.01)
    desk.serve(desk.document)
    await offering


async def test_of_a_study_that_is_proposed_anew_only_the_last_plan_waits(desk: Desk):
    """Else a study that is proposed again and again, each time with another plan, would fill the agent's disk."""
    later = shipped("digits").encode()
    for document in (desk.document, later):
        desk.serve(document)
        await desk.note(desk.study(plan=document), until=digest_of(document))
        assert desk.waiting() == [digest_of(document)]


async def test_a_plan_that_another_study_names_still_waits(desk: Desk):
    later = shipped("digits").encode()
    desk.serve(desk.document)
    desk.serve(later)
    both = [desk.study(), desk.study(name="another"), desk.study(plan=later)]
    await desk.note(*both, until=digest_of(later))
    assert sorted(desk.waiting()) == sorted([digest_of(desk.document), digest_of(later)])


async def test_what_was_approved_stays_when_its_study_has_ended(desk: Desk):
    desk.serve(desk.document)
    await desk.offers.offer(desk.study())
    desk.plans.approve(digest_of(desk.document))
    later = shipped("digits").encode()
    desk.serve(later)
    await desk.note(desk.study(state="COMPLETED"), desk.study(name="another", plan=later), until=digest_of(later))
    assert desk.plans.document(digest_of(desk.document)) == desk.document
