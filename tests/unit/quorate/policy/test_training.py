"""Whether an agent may train: by the consortium's default policies, and by what a consortium may vote."""

import pytest

from quorate.policy import Principal, decide_training, parse
from tests.unit.quorate.policy.samples import ALDER, BIRCH, CERTIFICATE, DEFAULT, MEMBERS, NOW, STRANGER, dataset, study

ONLY_RESEARCH = DEFAULT + (
    '@id("only-research") forbid (principal, action == Action::"data.train", resource) '
    'unless { context.study.purpose == "research" };\n'
)


def decide(text=DEFAULT, *, msp=ALDER, role="agent", members=MEMBERS, data=None, about=None):
    return decide_training(
        parse(text),
        principal=Principal(msp=msp, role=role, certificate=CERTIFICATE),
        members=members,
        dataset=data or dataset(),
        study=about or study(),
        now=NOW,
    )


def test_an_agent_trains_on_its_own_data_for_a_running_study():
    decision = decide()
    assert (decision.allowed, decision.policies) == (True, ("agents-train-on-their-data",))


@pytest.mark.parametrize(
    "changed",
    [
        {"role": "aggregator"},
        {"data": dataset(state="RETIRED")},
        {"data": dataset(purposes=("care",))},
        {"about": study(state="SUSPENDED")},
        {"about": study(state="READY")},
        {"about": study(participants=((BIRCH, "rows"),))},
    ],
)
def test_nothing_permits_any_other_training(changed):
    decision = decide(**changed)
    assert (decision.allowed, decision.policies) == (False, ())


@pytest.mark.parametrize(
    ("changed", "policies"),
    [
        ({"msp": BIRCH}, ("forbid-foreign-dataset",)),
        ({"msp": STRANGER}, ("forbid-foreign-dataset", "forbid-outsiders")),
        ({"members": []}, ("forbid-work-before-charter",)),
    ],
)
def test_what_is_forbidden_names_the_policies(changed, policies):
    decision = decide(**changed)
    assert (decision.allowed, decision.policies) == (False, policies)


def test_a_consortium_s_own_rule_narrows_what_agents_do():
    care = {"data": dataset(purposes=("care", "research")), "about": study(purpose="care")}
    assert decide(**care).allowed
    assert decide(ONLY_RESEARCH).allowed
    assert decide(ONLY_RESEARCH, **care).policies == ("only-research",)
