"""kill -9 in the middle of a round, then a restart: the round completes, nothing is charged or released twice."""

import asyncio
import random
from dataclasses import replace

import pytest

from network.identity import Role
from participants.agent.journal import Entry, Journal, Stage
from participants.agent.update import read_base, update_writer
from participants.demo.configuration import DATASET
from participants.plans.approved import AuthorsOwn
from participants.training.request import TrainingRequest
from participants.training.secrets import ReleaseContext
from participants.training.terms import PrivacyTerms
from quorate.tensors import Header
from tests.e2e.play import STUDY, commit_of

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(1800),
]


@pytest.mark.parametrize("private", [True, False], ids=["with-privacy", "without-privacy"])
async def test_agents_killed_at_any_moment_release_what_they_would_have_released(play, private):
    async with play(rounds=1, private=private) as it:
        journalled = await killed_before_its_charge(it, "Alder"), None, None
        it.stop_training("Birch")
        it.stop_training("Chestnut")
        await it.begin()
        journalled = (
            journalled[0],
            await killed_while_it_trains(it, "Birch"),
            await killed_before_its_commit(it, "Chestnut"),
        )
        committed = await killed_after_its_commit(it, "Elm")

        await asyncio.gather(*map(it.consortium.start_agent, it.consortium.places))

        view = await it.final(1)
        assert [update.msp for update in view.round.included] == [it.msp(member) for member in it.consortium.places]
        for member, entry in zip(it.consortium.places, journalled, strict=False):
            would_have_been = await asyncio.to_thread(what_it_would_have_been, it, member, entry)
            assert commit_of(view, it.msp(member)).update == would_have_been, member
        assert commit_of(view, it.msp("Elm")) == committed
        await nothing_is_charged_twice(it, view, charges=1)
        for member in it.consortium.places:
            entry = await it.journalled(member, Stage.COMMITTED)
            assert entry.secret == b""


async def killed_before_its_charge(it, member):
    """Leave what an agent leaves that is killed after it wrote its secret down, and before anything else."""
    await it.kill_agent(member)
    entry = Entry.begin(study=STUDY, round_=1, dataset=DATASET, base=it.terms.model.initial)
    return it.remember(member, entry)


async def killed_while_it_trains(it, member):
    entry = await it.journalled(member, Stage.RESERVED)
    await it.kill_agent(member)
    return entry


async def killed_before_its_commit(it, member):
    """Kill an agent that has stored its update in its journal, and nowhere else: its gateway does not answer."""
    await it.journalled(member, Stage.RESERVED)
    it.stop_gateway(member)
    it.go_on_training(member)
    entry = await it.journalled(member, Stage.STORED)
    await it.kill_agent(member)
    it.go_on_gateway(member)
    return entry


async def killed_after_its_commit(it, member):
    commit = commit_of(await it.round(1, lambda view: commit_of(view, it.msp(member)) is not None), it.msp(member))
    await it.kill_agent(member)
    return commit


async def nothing_is_charged_twice(it, view, *, charges):
    if it.terms.privacy.mechanism == "none":
        assert view.reservations == []
        return
    for member in it.consortium.places:
        assert (await it.ledger.privacy.account(it.msp(member), DATASET)).charges == charges


async def test_a_gateway_killed_while_it_recomputes_and_after_it_attested_comes_back(play):
    async with play(rounds=1, private=False, m=4) as it:
        await it.kill_agent("Chestnut")
        await it.begin()
        await it.round(1, lambda view: len(view.commits) == 3)

        it.stop_gateway("Birch")  # nobody gets its update, so that recomputing takes as long as this test wants
        it.stop_gateway("Chestnut")  # without its attestation the round is not final before this test wants it
        async with it.at_its_peer("Chestnut", Role.AGENT) as chestnut:
            await chestnut.settling().round.decline(STUDY, 1, dataset=DATASET, reason="operator")
        sealed = await it.round(1, lambda view: view.round.state == "SEALED")
        assert sealed.attestations == []
        await it.kill_gateway("Alder")
        await it.consortium.start_gateway("Alder")
        it.go_on_gateway("Birch")

        attested = await it.round(1, lambda view: len(view.attestations) == 3)
        assert attested.round.state == "SEALED"
        await it.kill_gateway("Alder")
        await it.consortium.start_gateway("Alder")
        it.go_on_gateway("Chestnut")

        view = await it.final(1)
        assert (view.round.attempt, len(view.round.attested_by)) == (1, 4)
        assert [said for said in view.attestations if said.msp != "ChestnutMSP"] == attested.attestations
        assert {said.model for said in view.attestations} == {view.round.model}


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


async def test_kills_one_after_the_other_whatever_is_under_way(play):
    moments = random.Random(5)  # noqa: S311 (when to kill, nothing secret)
    async with play(rounds=3, cap="8") as it:
        await it.begin()
        await it.round(1, lambda view: view.round.state == "OPEN")
        for what, member in (
            ("network", None),
            ("gateway", "Birch"),
            ("network", None),
            ("agent", "Chestnut"),
            ("network", None),
            ("agent", "Birch"),
        ):
            await asyncio.sleep(moments.uniform(0, 0.5))
            await killed_and_started_again(it, what, member)

        await it.completed()
        for number in (1, 2, 3):
            view = await it.final(number)
            assert (len(view.round.included), view.round.excluded, view.round.attempt) == (4, [], 1)
            await nothing_is_charged_twice(it, view, charges=3)


async def killed_and_started_again(it, what, member):
    if what == "network":
        await it.kill_network()
        it.consortium.start_network()
    elif what == "gateway":
        await it.kill_gateway(member)
        await it.consortium.start_gateway(member)
    else:
        await it.kill_agent(member)
        await it.consortium.start_agent(member)


def what_it_would_have_been(it, member, entry):
    """Train once more in this process with what the member's journal held at the kill."""
    prepared, terms = it.prepared, it.terms
    study = _NoRounds(terms)
    with prepared.initial.open("rb") as file:
        base = read_base(study, entry.base, file)
    msp = it.msp(member)
    private = terms.privacy.mechanism != "none"
    request = TrainingRequest(
        plan=prepared.plan.read_bytes(),
        data=it.consortium.scenario.bindings[list(it.consortium.places).index(member)],
        base=base.floats(scale_bits=terms.scale_bits),
        privacy=PrivacyTerms.parse(terms.privacy.model_dump()) if private else None,
        secret=entry.secret,
        context=ReleaseContext(study=STUDY, round=1, base=entry.base, msp=msp, dataset=DATASET),
    )
    from participants.training.round import train_round  # noqa: PLC0415 (imports torch, and only this test needs it)

    trained = train_round(request, approval=AuthorsOwn()).weights
    header = Header.update(study=STUDY, round=1, msp=msp, dataset=DATASET, base=entry.base)
    write = update_writer(base, trained, header=header, scale_bits=terms.scale_bits, bound=terms.bound)
    journal = Journal(it.consortium.workspace.directory / "again" / member)
    return journal.store_update(replace(entry, stage=Stage.RESERVED), write).update


class _NoRounds:
    """A study view before its first round, as far as reading a base needs one."""

    def __init__(self, terms):
        self.study = type("Study", (), {"study": STUDY, "terms": terms})
        self.rounds = []
