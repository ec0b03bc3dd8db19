"""kill -9 in the middle of a round, then a restart: the round completes, nothing is charged or released twice."""

import asyncio
from dataclasses import replace

import pytest

from participants.agent.journal import Journal, Stage
from participants.agent.update import read_base, update_writer
from participants.demo.configuration import DATASET
from participants.plans.approved import AuthorsOwn
from participants.training.request import TrainingRequest
from participants.training.secrets import ReleaseContext
from participants.training.terms import PrivacyTerms
from quorate.tensors import Header
from tests.e2e.play import STUDY, charge_of, commit_of

pytestmark = [pytest.mark.torch, pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session")]


async def test_a_killed_agent_comes_back_and_releases_what_it_would_have_released(play):
    async with play(rounds=1) as it:
        it.stop_training("Birch")
        await it.begin()
        msp = it.msp("Birch")
        await it.round(1, lambda view: charge_of(view, msp) is not None)
        place = it.consortium.places["Birch"]
        journal = Journal(place.state("agent") / "journal")
        await wait_until(lambda: (e := journal.find(STUDY, 1, DATASET)) is not None and e.stage is Stage.RESERVED)
        before = journal.find(STUDY, 1, DATASET)

        await it.kill_agent("Birch")
        await it.consortium.start_agent("Birch")

        view = await it.final(1)
        assert [left.msp for left in view.round.left_out] == []
        assert commit_of(view, msp).update == await asyncio.to_thread(what_it_would_have_been, it, before)
        account = await it.ledger.privacy.account(msp, DATASET)
        assert account.charges == 1
        after = journal.find(STUDY, 1, DATASET)
        assert (after.stage, after.secret) == (Stage.COMMITTED, b"")


async def test_an_agent_killed_after_its_commit_trains_nothing_again(play):
    async with play(rounds=1) as it:
        it.stop_training("Chestnut")
        await it.begin()
        msp = it.msp("Birch")
        committed = commit_of(await it.round(1, lambda view: commit_of(view, msp) is not None), msp)
        await it.kill_agent("Birch")
        await it.consortium.start_agent("Birch")
        it.go_on_training("Chestnut")
        view = await it.final(1)
        assert commit_of(view, msp) == committed
        assert (await it.ledger.privacy.account(msp, DATASET)).charges == 1


async def test_a_killed_gateway_comes_back_and_the_round_completes(play):
    async with play(rounds=2) as it:
        it.stop_training("Birch")
        await it.begin()
        await it.round(1, lambda view: len(view.commits) == 3)

        await it.kill_gateway("Alder")
        await it.consortium.start_gateway("Alder")
        it.go_on_training("Birch")

        await it.completed()
        first, second = await it.final(1), await it.final(2)
        assert [len(view.round.included) for view in (first, second)] == [4, 4]
        assert second.round.base == first.round.model


async def test_a_killed_ledger_comes_back_and_the_round_completes(play):
    async with play(rounds=2) as it:
        it.stop_training("Birch")
        await it.begin()
        before = await it.round(1, lambda view: len(view.commits) == 3)

        await it.kill_network()
        it.consortium.start_network()
        it.go_on_training("Birch")

        await it.completed()
        after = await it.final(1)
        for commit in before.commits:
            assert commit in after.commits
        for member in it.consortium.places:
            assert (await it.ledger.privacy.account(it.msp(member), DATASET)).charges == 2


def what_it_would_have_been(it, entry):
    """Train once more in this process with what the journal held at the kill."""
    prepared, terms = it.prepared, it.terms
    study = _NoRounds(terms)
    with prepared.initial.open("rb") as file:
        base = read_base(study, entry.base, file)
    msp = it.msp("Birch")
    request = TrainingRequest(
        plan=prepared.plan.read_bytes(),
        data=it.consortium.scenario.bindings[1],
        base=base.floats(scale_bits=terms.scale_bits),
        privacy=PrivacyTerms.parse(terms.privacy.model_dump()),
        secret=entry.secret,
        context=ReleaseContext(study=STUDY, round=1, base=entry.base, msp=msp, dataset=DATASET),
    )
    from participants.training.round import train_round  # noqa: PLC0415 (imports torch, and only this test needs it)

    trained = train_round(request, approval=AuthorsOwn()).weights
    header = Header.update(study=STUDY, round=1, msp=msp, dataset=DATASET, base=entry.base)
    write = update_writer(base, trained, header=header, scale_bits=terms.scale_bits, bound=terms.bound)
    journal = Journal(it.consortium.workspace.directory / "again")
    return journal.store_update(replace(entry, stage=Stage.RESERVED), write).update


class _NoRounds:
    """A study view before its first round, as far as reading a base needs one."""

    def __init__(self, terms):
        self.study = type("Study", (), {"study": STUDY, "terms": terms})
        self.rounds = []


async def wait_until(condition, seconds=30):
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (what another process writes)
            await asyncio.sleep(0.02)
