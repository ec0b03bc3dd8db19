"""A study that is stopped before each step of a round, on a ledger that the real chaincode writes."""

import asyncio
import json
import zipfile
from contextlib import AsyncExitStack

import pytest

from gateway.audit.export import export_bundle
from network.identity.layout import Role
from quorate.errors import ConflictError, DeniedError, StateError
from quorate.records.functions import (
    PRIVACY_RESERVE,
    ROUND_ATTEST,
    ROUND_COMMIT,
    ROUND_FINALIZE,
    ROUND_OPEN,
    ROUND_SEAL,
    STUDY_TALLY,
    STUDY_VOTE,
)
from quorate.verify import verify_bundle
from quorate.verify.bundle.scope import Extent
from tests.integration.evidence_walk import Walk

STEPS = (ROUND_OPEN, PRIVACY_RESERVE, ROUND_COMMIT, ROUND_SEAL, ROUND_ATTEST, ROUND_FINALIZE)


class Stopping(Walk):
    """Stops the study before the first step of each kind, sees that step refused, and lets the study go on."""

    def __init__(self, *about):
        super().__init__(*about)
        self.stopped = []
        self.opened = 0

    async def call(self, name, role, function, **fields):
        if function in STEPS and function not in self.stopped:
            self.stopped.append(function)
            await self._stop(name, role, function, fields)
        answer = await super().call(name, role, function, **fields)
        self.opened += function is ROUND_OPEN
        return answer

    async def _stop(self, name, role, function, fields):
        number = len(self.stopped)
        who = self.names[number % len(self.names)]
        steward = (await self.as_(who, Role.STEWARD)).ledger
        found = await steward.settling().study.suspend(self.study, round_=self.opened, reason="update")
        assert (found.state, found.suspension.number, found.suspension.round) == ("SUSPENDED", number, self.opened)
        with pytest.raises(StateError, match=r"is SUSPENDED, and this step expects RUNNING"):
            await (await self.as_(name, role)).ledger.call(function, **fields)
        await (self._withdraw(who, number) if number % 2 else self._vote(number))

    async def _withdraw(self, who, number):
        operator = (await self.as_(who, Role.OPERATOR)).ledger
        found = await operator.settling().study.resume(self.study, number=number)
        assert found.state == "RUNNING"

    async def _vote(self, number):
        first = (await self.as_(self.names[0], Role.OPERATOR)).ledger
        study = (await first.study.get(self.study)).study
        about = {"study": self.study, "version": 1, "terms_digest": study.terms_digest, "motion": f"resume/{number}"}
        for name in self.names[:3]:
            await super().call(name, Role.OPERATOR, STUDY_VOTE, **about, choice="approve")
        found = await super().call(
            self.names[3], Role.AGGREGATOR, STUDY_TALLY, study=self.study, motion=about["motion"]
        )
        assert found.state == "RUNNING"


@pytest.fixture(scope="module")
def walked(network, tmp_path_factory):
    """Two rounds: the first stopped before each of its steps, the second left alone."""
    folder = tmp_path_factory.mktemp("suspension")

    async def walk():
        async with AsyncExitStack() as stack:
            one = Stopping(network, stack, "one")
            await one.found()
            await one.register(["8", "8", "8", "8"])
            await one.agree()
            await one.round(1)
            await one.round(2)
            officer = await one.as_(one.names[1], Role.OFFICER)
            await export_bundle(officer, folder / "ledger.qeb")
            await export_bundle(officer, folder / "one.qeb", extent=Extent(study="one"))
            accounts = [await officer.ledger.privacy.account(msp, "one") for msp in one.msps.values()]
            return one.stopped, await officer.ledger.study.get("one"), accounts

    return folder, *asyncio.run(walk())


def test_it_was_stopped_before_each_step_and_ended_as_if_it_had_not_been(walked):
    _, stopped, view, _ = walked
    assert tuple(stopped) == STEPS
    assert (view.study.state, [each.state for each in view.rounds]) == ("COMPLETED", ["FINAL", "FINAL"])
    assert {by.lifted.reason for by in view.study.suspension.by} == {"withdrawn", "voted"}


def test_nothing_was_charged_twice(walked):
    assert [account.charges for account in walked[3]] == [2, 2, 2, 2]


@pytest.mark.parametrize("name", ["ledger.qeb", "one.qeb"])
def test_the_evidence_verifies(walked, network, name):
    assert verify_bundle(walked[0] / name, genesis=network.genesis).result == "verified"


def test_every_suspension_is_an_event(walked):
    with zipfile.ZipFile(walked[0] / "ledger.qeb") as archive:
        lines = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
    kinds = [event["type"] for line in lines for event in line["events"]]
    counted = {kind: kinds.count(kind) for kind in kinds if kind.startswith("study.") and "su" in kind}
    assert counted == {"study.suspended": 6, "study.resumed": 6, "study.suspension_withdrawn": 3}
    assert not any(kind == "round.aborted" for kind in kinds)


@pytest.mark.usefixtures("walked")  # who founds the consortium
def test_refusals_have_their_codes(network):
    async def refused():
        async with AsyncExitStack() as stack:
            two = Walk(network, stack, "two")
            await two.register(["8", "8", "8", "8"])
            await two.agree()
            operator = (await two.as_(two.names[0], Role.OPERATOR)).ledger.settling()
            with pytest.raises(DeniedError, match="no policy permits it"):
                await (await two.as_(two.names[0], Role.AGENT)).ledger.study.suspend("two", round_=0, reason="key")
            with pytest.raises(ConflictError, match="suspension 1 of study two is not the last one"):
                await operator.study.resume("two", number=1)
            await operator.study.suspend("two", round_=0, reason="key")
            with pytest.raises(ConflictError, match="has suspended study two already"):
                await operator.study.suspend("two", round_=0, reason="legal")
            again = await operator.study.suspend("two", round_=0, reason="key")
            assert again.suspension.number == 1
            with pytest.raises(DeniedError, match="no policy permits it"):
                await (await two.as_(two.names[0], Role.STEWARD)).ledger.study.resume("two", number=1)

    asyncio.run(refused())
