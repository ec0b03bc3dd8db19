from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from participants.agent.local_policy import LocalPolicy
from tests.unit.gateway.aggregator.house import plain_ledger

if TYPE_CHECKING:
    from quorate.records.study import Terms

PRIVATE = plain_ledger(private=True).study_view().study.terms
PLAIN = plain_ledger(private=False).study_view().study.terms


def objection(
    policy: LocalPolicy, terms: Terms = PRIVATE, *, study: str = "heart", approved: bool = True
) -> str | None:
    return policy.objection(study, terms, is_approved=lambda digest: approved and digest == terms.plan)


def test_without_rules_everything_goes_that_the_ledger_allows_and_the_operator_approved():
    assert objection(LocalPolicy()) is None
    assert objection(LocalPolicy(), PLAIN) is None


def test_a_plan_that_nobody_approved_never_runs():
    assert objection(LocalPolicy(), approved=False) == (
        f"plan {PRIVATE.plan} has not been approved here (quorate plan approve)"
    )


@pytest.mark.parametrize(
    ("policy", "terms", "words"),
    [
        (LocalPolicy(studies=("lungs",)), PRIVATE, "study heart is not among the studies"),
        (LocalPolicy(purposes=("marketing",)), PRIVATE, "purpose research is not among the purposes"),
        (LocalPolicy(require_privacy=True), PLAIN, "requires differential privacy"),
        (LocalPolicy(minimum_noise_multiplier="4.000001"), PRIVATE, "noise multiplier 4 is below the local minimum"),
    ],
)
def test_each_rule_narrows(policy: LocalPolicy, terms: Terms, words: str):
    found = objection(policy, terms)

    assert found is not None
    assert words in found


@pytest.mark.parametrize(
    "policy",
    [
        LocalPolicy(studies=("lungs", "heart")),
        LocalPolicy(purposes=("research",)),
        LocalPolicy(require_privacy=True),
        LocalPolicy(minimum_noise_multiplier="4"),
        LocalPolicy(minimum_noise_multiplier="3.999999"),
    ],
)
def test_what_fits_a_rule_passes_it(policy: LocalPolicy):
    assert objection(policy) is None


@given(
    studies=st.lists(st.sampled_from(["heart", "lungs"]), max_size=2),
    purposes=st.lists(st.sampled_from(["research", "marketing"]), max_size=2),
    require_privacy=st.booleans(),
    minimum=st.sampled_from(["0", "3.5", "4", "8"]),
    private=st.booleans(),
)
def test_a_further_rule_never_allows_more(
    studies: list[str],
    purposes: list[str],
    require_privacy: bool,  # noqa: FBT001
    minimum: str,
    private: bool,  # noqa: FBT001
):
    terms = PRIVATE if private else PLAIN
    rules = {
        "studies": tuple(studies),
        "purposes": tuple(purposes),
        "require_privacy": require_privacy,
        "minimum_noise_multiplier": minimum,
    }
    refused_by_one = any(objection(LocalPolicy(**{name: rule}), terms) for name, rule in rules.items())

    assert (objection(LocalPolicy(**rules), terms) is not None) == refused_by_one


@pytest.mark.parametrize(
    "rules",
    [
        {"studies": ["Heart"]},
        {"purposes": [""]},
        {"minimum_noise_multiplier": "-1"},
        {"minimum_noise_multiplier": 4.0},
        {"surplus": True},
    ],
)
def test_malformed_rules_are_refused(rules: dict[str, object]):
    with pytest.raises(ValidationError):
        LocalPolicy.model_validate(rules)
