from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.artifacts.store import ArtifactStore
from participants.agent.offers import PlanOffers
from participants.plans.approved import ApprovedPlans
from participants.plans.shipped.catalogue import shipped
from quorate.digest import digest_of
from quorate.errors import UnreachableError, UsageError
from tests.unit.participants.agent.machine import ME, Machine, machine_in

if TYPE_CHECKING:
    from pathlib import Path

    from quorate.records.study import StudyView


class Desk:
    """An agent's machine with a study whose plan nobody has approved."""

    def __init__(self, machine: Machine, plans: ApprovedPlans, store: ArtifactStore, document: bytes) -> None:
        self.machine, self.plans, self.document = machine, plans, document
        self.offers = PlanOffers(ME, plans, store, machine.context.artifacts)

    def study(self, *, state: str = "PROPOSED", plan: bytes | None = None) -> StudyView:
        view = self.machine.model.study_view()
        terms = view.study.terms.model_copy(update={"plan": digest_of(plan or self.document)})
        return view.model_copy(update={"study": view.study.model_copy(update={"terms": terms, "state": state})})

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

    class Change:
        study = desk.study()
        round = None

    async def changes():
        yield Change()

    offering = asyncio.create_task(desk.offers.run())
    assert [change.study async for change in desk.offers.passing(changes())] == [Change.study]
    async with asyncio.timeout(60):
        while not desk.plans.list():  # noqa: ASYNC110 (a directory says it)
            await asyncio.sleep(0.01)
    offering.cancel()
