"""Access policies are evaluated again at every step; what they would have denied is no evidence of a good ledger."""

import pytest

from quorate.digest import digest_of
from quorate.verify import Step, VerificationError, verify_bundle
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.consortium import Consortium, Ledger

ALL = '@id("all")\npermit(principal, action, resource);\n'


def forbid(condition):
    return f'{ALL}@id("no")\nforbid(principal, action, resource) when {{ {condition} }};\n'


def failure(ledger, path, **how):
    export(ledger, path, **how)
    with pytest.raises(VerificationError) as caught:
        verify_bundle(path, genesis=ledger.genesis)
    return caught.value.report.failed[0]


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ('action == Action::"consortium.found"', "AlderMSP called consortium:Found as operator"),
        ('action == Action::"consortium.tally" && !Consortium::"quorate".founded', "consortium:Tally as operator"),
        (
            'action == Action::"dataset.register" && resource.owner == Org::"BirchMSP"',
            "BirchMSP called dataset:Register",
        ),
        ('action == Action::"study.propose" && resource.purpose == "research"', "study:Propose as operator"),
        ('action == Action::"study.start" && resource.state == "READY"', "study:Start as aggregator"),
        ('action == Action::"round.open" && resource.state == "RUNNING"', "round:Open as aggregator"),
        ('action == Action::"privacy.reserve" && resource.number == 1', "privacy:Reserve as agent"),
        (
            'action == Action::"round.commit" && resource.study.attesters.contains(principal.org)',
            "round:Commit as agent",
        ),
        ('action == Action::"round.attest" && principal in Role::"aggregator"', "round:Attest as aggregator"),
        ('context.now > datetime("2020-01-01") && action == Action::"round.finalize"', "round:Finalize as aggregator"),
    ],
)
@pytest.mark.parametrize("study", [None, "one"])
def test_a_step_that_the_policies_in_force_deny(tmp_path, condition, what, study):
    made = Consortium(Ledger(("Alder", "Birch"), policy=forbid(condition)))
    made.round(1)
    found = failure(made.ledger, tmp_path / "bundle", study=study)
    assert found.step is Step.REPLAY
    assert what in found.message
    assert "which is denied by no (policy version 1" in found.message


def test_policies_that_no_engine_would_take(tmp_path):
    made = Consortium(Ledger(("Alder", "Birch"), policy="permit(principal, action, resource);\n"))
    assert "missing-id" in failure(made.ledger, tmp_path / "bundle").message


def test_every_step_is_counted(tmp_path):
    made = Consortium(Ledger(("Alder", "Birch")))
    export(made.ledger, tmp_path / "bundle")
    report = verify_bundle(tmp_path / "bundle", genesis=made.ledger.genesis)
    [found] = [found for found in report.verified if "decided again by the access policies" in found.message]
    calls = sum(len(block.data.data) for block in made.ledger.chain.blocks) - 2
    assert found.message.startswith(f"{calls} steps")


def test_a_founding_that_never_came_to_a_charter_is_said(tmp_path):
    ledger = Ledger(("Alder", "Birch"))
    Consortium.propose_founding(ledger)
    export(ledger, tmp_path / "bundle")
    report = verify_bundle(tmp_path / "bundle", genesis=ledger.genesis)
    assert any("that the access policies allowed 1 step" in found.message for found in report.not_checked)


@pytest.fixture
def closed():
    """Return a ledger whose policies take from its members to change them, by a text that the chaincode had taken."""
    policy = forbid('action == Action::"policy.propose" && context.now > datetime("2020-01-01")')
    made = Consortium(Ledger(("Alder", "Birch"), policy=policy, per_block=1))

    def propose(role):
        base = digest_of(policy.encode())
        made.ledger.call(made.members[1], role, "policy:Propose", proposal="new", title="New", base=base, text=ALL)
        return made.ledger

    return propose


def test_what_the_charter_gives_to_members_no_policy_takes(tmp_path, closed):
    ledger = closed("operator")
    export(ledger, tmp_path / "bundle")
    assert verify_bundle(tmp_path / "bundle", genesis=ledger.genesis).result == "verified"


def test_the_charter_gives_it_to_operators_only(tmp_path, closed):
    assert "BirchMSP called policy:Propose as aggregator" in failure(closed("aggregator"), tmp_path / "bundle").message
