"""Votes on members and policies, reviews and access logs that no honest chaincode would have written."""

import pytest

from quorate import canonical
from quorate.digest import digest_of
from quorate.records.consortium import Charter, MemberProposal
from quorate.records.policy import PolicyProposal
from quorate.verify.replay import keys
from quorate.verify.replay.errors import RuleError
from tests.unit.quorate.ledger.consortium import POLICY, Consortium, Ledger
from tests.unit.quorate.ledger.tampering import rewrite

NEWCOMER = {"msp": "ElmMSP", "fingerprint_key": digest_of(b"Elm's")}
STRICTER = '@id("all") permit(principal, action, resource);\n'


class House:
    """A founded consortium, and the steps of its votes."""

    def __init__(self):
        self.made = Consortium(Ledger(("Alder", "Birch", "Cedar"), per_block=1))
        self.ledger = self.made.ledger

    def call(self, function, *, by=0, role="operator", alter=None, **fields):
        self.ledger.call(self.made.members[by], role, function, alter=alter, **fields)

    def admit(self, *, alter=None, propose=None, voters=(0, 1), name="elm", member=NEWCOMER):
        self.call("consortium:ProposeMember", proposal=name, member=member, alter=propose)
        digest = self.ledger.world.need(MemberProposal, keys.member_proposal(name)).digest
        for voter in voters:
            self.call("consortium:Vote", by=voter, proposal=name, digest=digest, choice="approve")
        self.call("consortium:Tally", motion="members", proposal=name, alter=alter)

    def adopt(self, *, alter=None, propose=None, voters=(0, 1, 2), name="new", base=POLICY, text=STRICTER):
        about = {"title": "New", "base": digest_of(base.encode()), "text": text}
        self.call("policy:Propose", proposal=name, **about, alter=propose)
        digest = self.ledger.world.need(PolicyProposal, keys.policy_proposal(name)).digest
        for voter in voters:
            self.call("policy:Vote", by=voter, proposal=name, digest=digest, choice="approve")
        self.call("policy:Tally", proposal=name, alter=alter)

    def review(self, state, *, alter=None, **findings):
        about = {"review": "first", "subject": "ledger", "state": state}
        self.call("audit:RecordReview", role="officer", **about, findings=findings, alter=alter)

    def anchor(self, entries, *, alter=None):
        head = digest_of(str(entries).encode())
        self.call("audit:AnchorAccessLog", role="aggregator", entries=entries, head=head, alter=alter)


@pytest.fixture
def house():
    return House()


def test_honest_votes_verify(house, verify):
    house.adopt()
    house.admit()
    house.review("OPEN")
    house.review("CONCLUDED", reviewer="ab" * 32, meaning="review", outcome="accepted")
    house.anchor(1)
    house.anchor(2)
    assert verify().result == "verified"


def test_votes_on_proposals_that_do_not_say_what_version_they_change_verify(house, verify):
    """The first proposals that were ever written were silent about it."""

    def silent(key, field):
        def alter(writes):
            document = canonical.loads(writes[key], limit=len(writes[key]))
            del document[field]
            writes[key] = canonical.dumps(document)
            house.ledger.world.apply({key: kinds[key].parse(writes[key])})

        return alter

    policy, member = keys.policy_proposal("new"), keys.member_proposal("elm")
    kinds = {policy: PolicyProposal, member: MemberProposal}
    house.adopt(propose=silent(policy, "base_version"))
    house.admit(propose=silent(member, "charter_version"))
    assert verify().result == "verified"


@pytest.mark.parametrize(
    ("step", "key", "field"),
    [
        (lambda house, alter: house.adopt(propose=alter), keys.policy_proposal("new"), "base_version"),
        (lambda house, alter: house.admit(propose=alter), keys.member_proposal("elm"), "charter_version"),
    ],
)
def test_a_proposal_bound_to_a_version_that_is_not_in_force(house, fail, step, key, field):
    step(house, rewrite(key, **{field: 2}))
    assert f"{field} is 2" in fail()


def test_a_vote_on_what_was_proposed_about_a_charter_that_came_back(house):
    house.call("consortium:ProposeRemoval", proposal="out", msp="CedarMSP")
    old = house.ledger.world.need(MemberProposal, keys.member_proposal("out"))
    for name, key in (("there", b"another"), ("back", b"a fingerprint key")):
        house.admit(name=name, member={"msp": "BirchMSP", "fingerprint_key": digest_of(key)})
    assert house.ledger.world.need(Charter, keys.charter()).charter_digest == old.charter_digest
    with pytest.raises(RuleError, match="another charter than the one in force"):
        house.call("consortium:Vote", proposal="out", digest=old.digest, choice="approve")


def test_a_vote_on_what_was_proposed_about_policies_that_came_back(house):
    text = STRICTER + "\n"
    house.call("policy:Propose", proposal="old", title="Old", base=digest_of(POLICY.encode()), text=text)
    house.adopt(name="there")
    house.adopt(name="back", base=STRICTER, text=POLICY)
    with pytest.raises(RuleError, match="another policy set than the one in force"):
        house.call("policy:Vote", proposal="old", digest=digest_of(text.encode()), choice="approve")


def test_a_charter_with_another_member_than_the_one_voted_on(house, fail):
    charter = house.ledger.world.need(Charter, keys.charter())
    others = [member.model_dump() for member in charter.members] + [NEWCOMER | {"msp": "FirMSP"}]
    house.admit(alter=rewrite(keys.charter(), members=others))
    assert "charter: members is" in fail()


def test_a_charter_that_a_vote_did_not_write(house, fail):
    house.admit(alter=lambda writes: writes.pop(keys.charter()))
    assert "did not write charter" in fail()


def test_a_proposal_that_says_something_else_than_was_proposed(house, fail):
    def alter(writes):
        rewrite(keys.member_proposal("elm"), msp="FirMSP")(writes)

    house.call("consortium:ProposeMember", proposal="elm", member=NEWCOMER, alter=alter)
    assert "msp is 'FirMSP'" in fail()


def test_a_vote_changed_on_its_way(house, fail):
    house.call("consortium:ProposeMember", proposal="elm", member=NEWCOMER)
    digest = house.ledger.world.need(MemberProposal, keys.member_proposal("elm")).digest
    alter = rewrite(keys.ballot("members", "elm", "BirchMSP"), choice="approve")
    house.call("consortium:Vote", by=1, proposal="elm", digest=digest, choice="reject", alter=alter)
    assert "choice is 'approve'" in fail()


def test_a_vote_for_another_organisation(house, fail):
    house.call("consortium:ProposeMember", proposal="elm", member=NEWCOMER)
    digest = house.ledger.world.need(MemberProposal, keys.member_proposal("elm")).digest

    def alter(writes):
        writes[keys.ballot("members", "elm", "CedarMSP")] = writes.pop(keys.ballot("members", "elm", "BirchMSP"))

    house.call("consortium:Vote", by=1, proposal="elm", digest=digest, choice="approve", alter=alter)
    assert "belongs to CedarMSP" in fail()


def test_a_policy_set_with_another_text_than_the_one_voted_on(house, fail):
    house.adopt(alter=rewrite(keys.policy(2), text=POLICY))
    assert "policy~version~000002: text is" in fail()


def test_a_policy_set_that_skips_a_version(house, fail):
    house.adopt(alter=rewrite(keys.current_policy(), version=3))
    assert "policy~current: version is 3" in fail()


def test_a_review_concluded_otherwise_than_said(house, fail):
    findings = {"reviewer": "ab" * 32, "meaning": "review", "outcome": "violation"}
    alter = rewrite(keys.review("AlderMSP", "first"), findings=findings | {"outcome": "accepted"})
    house.review("CONCLUDED", **findings, alter=alter)
    assert "findings is" in fail()


def test_an_access_log_anchored_with_another_head(house, fail):
    house.anchor(5, alter=rewrite(keys.anchor("AlderMSP"), head=digest_of(b"another")))
    assert "anchor~AlderMSP: head is" in fail()


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (lambda house: house.admit(voters=(0,)), "not decided was closed before its end"),
        (lambda house: house.adopt(voters=(0, 1)), "not decided was closed before its end"),
        (lambda house: house.admit(voters=(0, 0)), "has voted on elm before"),
        (lambda house: (house.admit(), house.admit()), "was made before"),
        (lambda house: house.call("consortium:ProposeRemoval", proposal="out", msp="ElmMSP"), "is not a member"),
        (lambda house: (house.anchor(5), house.anchor(5)), "shrank, or changed"),
        (lambda house: (house.review("OPEN"), house.review("OPEN")), "a review that is OPEN became OPEN"),
        (lambda house: house.review("ASSIGNED"), "findings are not those"),
        (lambda house: house.review("OPEN", outcome="accepted"), "findings are not those"),
    ],
)
def test_what_the_rules_do_not_lead_to(house, step, why):
    with pytest.raises(RuleError, match=why):
        step(house)
