"""Studies that are stopped and go on: honest ledgers verify, and what the rules do not lead to does not."""

import pytest

from quorate.records.privacy import Account
from quorate.records.study import Study
from quorate.verify.replay import keys
from quorate.verify.replay.errors import RuleError
from tests.unit.quorate.ledger.consortium import DATA, Consortium, Ledger
from tests.unit.quorate.ledger.tampering import rewrite

DAY = 86_400_000


class House:
    """A consortium of three, and the steps that stop its study and let it go on."""

    def __init__(self):
        self.made = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=1))
        self.ledger = self.made.ledger

    @property
    def study(self):
        return self.ledger.world.need(Study, keys.study("one"))

    def call(self, function, *, by=0, role="operator", alter=None, **fields):
        self.ledger.call(self.made.members[by], role, function, alter=alter, study="one", **fields)

    def suspend(self, by=0, *, after=0, reason="key", **how):
        self.call("study:Suspend", by=by, round=after, reason=reason, **how)

    def resume(self, by=0, *, number=1, **how):
        self.call("study:Resume", by=by, number=number, **how)

    def vote(self, motion, *, voters=(0, 1), alter=None):
        about = {"version": 1, "terms_digest": self.study.terms_digest, "motion": motion}
        for voter in voters:
            self.call("study:Vote", by=voter, **about, choice="approve")
        self.call("study:Tally", role="aggregator", motion=motion, alter=alter)

    def reserve(self, by, number=1):
        self.call("privacy:Reserve", by=by, role="agent", round=number, dataset=DATA)

    def wait(self, milliseconds):
        self.ledger.time += milliseconds

    def finish(self, number=1):
        made = self.made
        made.seal(number)
        self.attest(number)

    def attest(self, number=1):
        made = self.made
        model, proof = made.aggregate(number)
        for member in made.members:
            made.attest(member, number, model, proof(member.msp_id))
        made.finalize(number)


@pytest.fixture
def house():
    return House()


@pytest.mark.parametrize("scope", [{}, {"study": "one"}, {"study": "one", "first_round": 1, "last_round": 1}])
def test_a_round_goes_on_with_its_whole_time_and_nothing_is_charged_again(house, verify, scope):
    made = house.made
    made.open(1)
    made.commit(made.members[0], 1)
    before = made.record(1)
    house.suspend(1, after=1)
    house.wait(DAY)
    house.suspend(2, after=1, reason="update")
    house.resume(1)
    house.vote("resume/2")
    assert made.record(1).commit_by == house.ledger.time + 60_000 > before.commit_by + DAY
    assert [(by.msp, by.times, by.number, by.lifted.reason) for by in house.study.suspension.by] == [
        ("BirchMSP", 1, 1, "withdrawn"),
        ("CedarMSP", 1, 2, "voted"),
    ]
    for member in made.members[1:]:
        made.commit(member, 1)
    assert [update.msp for update in _sealed(house).included] == ["AlderMSP", "BirchMSP", "CedarMSP"]
    house.suspend(0, after=1)
    house.wait(DAY)
    house.resume(0, number=3)
    assert made.record(1).attest_by == made.record(1).attempt_time + 60_000 == house.ledger.time + 60_000
    house.attest()
    made.round(2)
    assert {found.charges for found in house.ledger.world.all(Account)} == {2}
    assert verify(**scope).result == "verified"


def _sealed(house):
    house.made.seal(1)
    return house.made.record(1)


def test_a_suspended_study_ends_by_a_vote_too(house, verify):
    house.suspend()
    house.vote("abort")
    assert (house.study.state, house.study.standing[0].msp) == ("ABORTED", "AlderMSP")
    assert verify().result == "verified"


def test_a_suspension_that_was_written_without_its_state(house, fail):
    house.suspend(alter=rewrite(keys.study("one"), state="RUNNING"))
    assert "state is 'RUNNING'" in fail()


def test_a_reason_changed_on_its_way(house, fail):
    def alter(writes):
        other = house.study.suspension.model_dump(mode="json", exclude_none=True)
        other["by"][0]["reason"] = "other"
        rewrite(keys.study("one"), suspension=other)(writes)

    house.suspend(alter=alter)
    assert "suspension is" in fail()


def test_a_study_that_goes_on_while_a_suspension_stands(house, fail):
    house.suspend(0)
    house.suspend(1)
    house.resume(0, alter=rewrite(keys.study("one"), state="RUNNING"))
    assert "state is 'RUNNING'" in fail()


def test_a_round_that_was_not_prolonged(house, fail):
    house.made.open(1)
    house.suspend(after=1)
    house.wait(DAY)
    house.resume(alter=lambda writes: writes.pop(keys.round_("one", 1)))
    assert "did not write round~one~000001" in fail()


def test_a_round_that_was_prolonged_further(house, fail):
    house.made.open(1)
    house.suspend(after=1)
    house.resume(alter=rewrite(keys.round_("one", 1), commit_by=house.ledger.time + DAY))
    assert "commit_by is" in fail()


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (lambda house: house.made.open(1), "is SUSPENDED, and the step expects RUNNING"),
        (lambda house: house.suspend(), "AlderMSP has suspended the study before"),
        (lambda house: house.suspend(1, after=1), "round~one~000001, which no earlier transaction wrote"),
        (lambda house: house.resume(1), "no suspension 1 by BirchMSP stands"),
        (lambda house: house.resume(number=2), "no suspension 2 by AlderMSP stands"),
        (lambda house: (house.resume(), house.resume()), "a study that is RUNNING was resumed"),
        (lambda house: (house.suspend(1), house.resume(), house.resume()), "no suspension 1 by AlderMSP stands"),
        (lambda house: house.vote("resume/1", voters=(0,)), "too few members voted to resume"),
        (lambda house: (house.suspend(1), house.vote("resume/1")), "resume/1 came after suspension 2"),
        (lambda house: (house.resume(), house.vote("resume/1")), "came when the study was RUNNING"),
        (lambda house: (house.vote("abort"), house.suspend(1)), "a study that is ABORTED was suspended"),
        (lambda house: (house.vote("abort"), house.resume()), "a study that is ABORTED was resumed"),
        (lambda house: [(house.resume(number=n), house.suspend()) for n in (1, 2, 3)], "suspended the study 3 times"),
    ],
)
def test_what_the_rules_do_not_lead_to(house, step, why):
    house.suspend()
    with pytest.raises(RuleError, match=why):
        step(house)


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (lambda house: house.reserve(1), "is SUSPENDED, and the step expects RUNNING"),
        (lambda house: house.call("round:Abort", round=1), "a round of a suspended study was aborted"),
        (lambda house: house.made.seal(1), "is SUSPENDED, and the step expects RUNNING"),
        (lambda house: (house.resume(), house.suspend(1)), "round 1 was opened, and the suspension names round 0"),
    ],
)
def test_an_open_round_of_a_suspended_study_stands_still(house, step, why):
    house.made.open(1)
    house.reserve(0)
    house.suspend(after=1)
    house.wait(DAY)
    with pytest.raises(RuleError, match=why):
        step(house)


def test_others_than_the_parties_of_a_study_do_not_stop_it(house):
    terms = house.study.terms.model_copy(
        update={"participants": house.study.terms.participants[:2], "attesters": ["AlderMSP", "BirchMSP"]}
    )
    house.ledger.world.apply({keys.study("one"): house.study.model_copy(update={"terms": terms})})
    with pytest.raises(RuleError, match="CedarMSP is neither a participant nor an attester"):
        house.suspend(2)
