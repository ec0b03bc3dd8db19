"""The local operator's rules: they narrow, and say why."""

import pytest

from participants.agent.local_policy import LocalPolicy
from quorate.records.study import PrivacyTerms
from tests.unit.participants.agent.farm import DP
from tests.unit.quorate.policy.samples import study

NONE = PrivacyTerms(mechanism="none")


def objection(policy, *, privacy=DP, approved=True):
    terms = study().terms.model_copy(update={"privacy": privacy})
    return policy.objection("one", terms, is_approved=lambda digest: approved and digest == terms.plan)


@pytest.mark.parametrize(
    "policy",
    [
        LocalPolicy(),
        LocalPolicy(studies=("two", "one")),
        LocalPolicy(purposes=("research",)),
        LocalPolicy(require_privacy=True, minimum_noise_multiplier="4"),
    ],
)
def test_what_no_rule_narrows_is_as_the_ledger_allows(policy):
    assert objection(policy) is None


@pytest.mark.parametrize(
    ("policy", "privacy", "reason"),
    [
        (LocalPolicy(studies=("two",)), DP, "study one is not among the studies"),
        (LocalPolicy(purposes=("care",)), DP, "purpose research is not among the purposes"),
        (LocalPolicy(minimum_noise_multiplier="4.000001"), DP, "noise multiplier 4 is below the local minimum"),
        (LocalPolicy(require_privacy=True), NONE, "requires differential privacy"),
    ],
)
def test_an_objection_is_a_sentence(policy, privacy, reason):
    assert reason in objection(policy, privacy=privacy)


def test_a_plan_must_be_approved_whatever_else_is_allowed():
    assert "has not been approved here" in objection(LocalPolicy(), approved=False)
    assert "has not been approved here" in objection(LocalPolicy(), privacy=NONE, approved=False)


def test_a_study_without_privacy_is_the_ledgers_to_refuse_by_default():
    assert objection(LocalPolicy(), privacy=NONE) is None
