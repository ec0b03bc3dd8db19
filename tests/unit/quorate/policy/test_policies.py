"""Decisions: by exact text and digest, sorted, and denials wherever something cannot be evaluated."""

import json
import threading

import pytest

from quorate.digest import digest_of
from quorate.errors import DefectError, IntegrityError, UsageError
from quorate.policy import ACTIONS, PolicyRefusedError, Principal, Request, World, in_force, parse
from quorate.policy.entities import with_actions
from quorate.records.policy import Policy
from tests.unit.quorate.policy.samples import (
    ALDER,
    BIRCH,
    CERTIFICATE,
    DEFAULT,
    MEMBERS,
    NOW,
    ROLES,
    STAMP,
    STRANGER,
    corpus,
    kind_of,
    study,
    subject,
)

ALLOW = '@id("allow") permit (principal, action, resource);'


def ask(text, *, action="study.vote", msp=ALDER, role="operator", members=MEMBERS, now=NOW):
    world = World(members)
    resource = subject(world, kind_of(action))
    about = world.study(study()) if action == "data.train" else None
    principal = Principal(msp=msp, role=role, certificate=CERTIFICATE)
    return parse(text).decide(
        world, Request(principal=principal, action=action, resource=resource, now=now, study=about)
    )


def record(text, digest=None):
    return Policy.of(
        {
            "schema": "quorate.policy/1",
            "version": 3,
            "digest": digest or digest_of(text.encode()),
            "text": text,
            "in_force": STAMP,
        }
    )


def test_the_chaincode_s_published_decisions():
    published = corpus("decisions.json")
    policies = parse(DEFAULT)
    assert policies.digest == published["policy_digest"]
    assert len(published["cases"]) > 300
    for case in published["cases"]:
        found = policies.evaluate(case["request"], with_actions(json.dumps(case["entities"])))
        assert found == (case["allow"], tuple(case["policies"])), case["name"]


def test_our_own_requests_are_decided_as_published():
    for case in corpus("decisions.json")["cases"]:
        action, _, how = case["name"].partition(" ")
        if "member's" not in how:
            continue
        decision = ask(DEFAULT, action=action, role=how.split()[-1])
        assert (decision.allowed, decision.policies) == (case["allow"], tuple(case["policies"])), case["name"]


def test_a_decision_names_digest_and_version():
    decision = ask(ALLOW)
    assert decision.policy_digest == digest_of(ALLOW.encode())
    assert decision.policy_version == 0
    assert str(decision) == f"allowed by allow (policy version 0, {decision.policy_digest})"
    assert str(ask("")).startswith("denied by default (policy version 0")


def test_the_policy_set_of_a_record_carries_its_version():
    policies = in_force(record(DEFAULT))
    assert (policies.version, policies.digest) == (3, digest_of(DEFAULT.encode()))


def test_a_record_whose_text_is_another_is_refused():
    with pytest.raises(IntegrityError, match="version 3 does not have its digest"):
        in_force(record(ALLOW, digest=digest_of(DEFAULT.encode())))


def test_one_byte_more_is_another_policy_set():
    assert parse(DEFAULT + "\n").digest != parse(DEFAULT).digest


def test_what_was_parsed_is_kept():
    assert parse(DEFAULT) is parse(DEFAULT)


def test_the_guard_stands_before_the_engine():
    with pytest.raises(PolicyRefusedError):
        parse('@id("a") permit (principal, action, resource) when { ' + "(" * 800 + "true" + ")" * 800 + " };")


def test_what_is_not_cedar_is_refused_without_the_engine_s_words():
    with pytest.raises(UsageError, match=r"^the policy text is not Cedar$"):
        parse('@id("a") permit (principal, action);')


def test_an_empty_policy_set_denies_everything():
    assert not ask("").allowed
    assert ask("").policies == ()


def test_deciding_policies_are_sorted():
    text = " ".join(f'@id("{name}") permit (principal, action, resource);' for name in ("c", "a", "b"))
    assert ask(text).policies == ("a", "b", "c")


def test_more_than_ten_policies_keep_their_names():
    names = [f"p{number}" for number in range(150)]
    text = "\n".join(f'@id("{name}") permit (principal, action, resource);' for name in names)
    assert ask(text).policies == tuple(sorted(names))


@pytest.mark.parametrize(
    "condition",
    [
        "resource.absent",
        "principal.org.active == true && resource.state < 3",
        "9223372036854775807 + 1 == 0",
        'ip("1.2.3.4").isInRange(ip("nonsense"))',
        'Study::"elsewhere".state == "RUNNING"',
    ],
)
@pytest.mark.parametrize("effect", ["permit", "forbid"])
def test_an_error_in_any_policy_denies_and_is_named(condition, effect):
    text = f'{ALLOW} @id("broken") {effect} (principal, action, resource) when {{ {condition} }};'
    decision = ask(text)
    assert (decision.allowed, decision.policies) == (False, ("broken",))


def test_all_that_failed_are_named_sorted():
    broken = "(principal, action, resource) when { resource.absent };"
    assert ask(f'@id("b") permit {broken} @id("a") forbid {broken} {ALLOW}').policies == ("a", "b")


def test_an_id_that_looks_like_the_engine_s_own_is_not_confused():
    failing = "permit (principal, action, resource) when { resource.x };"
    text = f'@id("policy1") permit (principal, action, resource); @id("policy0") {failing}'
    assert ask(text).policies == ("policy0",)


def test_strangers_may_do_nothing():
    for action in ACTIONS:
        for role in ROLES:
            decision = ask(DEFAULT, action=action, role=role, msp=STRANGER)
            assert not decision.allowed
            assert "forbid-outsiders" in decision.policies


def test_an_unknown_role_or_action_is_denied():
    assert not ask(DEFAULT, role="").allowed
    world = World(MEMBERS)
    principal = Principal(msp=ALDER, role="operator", certificate=CERTIFICATE)
    request = Request(principal=principal, action="round.invented", resource=world.consortium, now=NOW)
    assert not parse(DEFAULT).decide(world, request).allowed


@pytest.mark.parametrize(
    ("now", "literal"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1_800_000_000_123, "2027-01-15T08:00:00.123Z"),
        (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ],
)
def test_time_is_exact_to_the_millisecond(now, literal):
    text = f'@id("at") permit (principal, action, resource) when {{ context.now == datetime("{literal}") }};'
    assert ask(text, now=now).allowed
    assert not ask(text, now=now - 1).allowed


def test_a_time_that_cedar_does_not_have_is_refused():
    with pytest.raises(UsageError, match="not in the years 1 to 9999"):
        ask(ALLOW, now=253_402_300_800_000)


def test_a_request_that_the_engine_cannot_read_is_a_defect_and_no_permission():
    asked = {
        "principal": {"type": "Member", "id": "x"},
        "action": {"type": "Action", "id": "study.vote"},
        "resource": {"type": "Study", "id": "one"},
        "context": {"now": {"__extn": {"fn": "datetime", "arg": "yesterday"}}},
    }
    with pytest.raises(DefectError):
        parse(ALLOW).evaluate(asked, with_actions("[]"))


def test_threads_may_ask_at_once():
    expected = {msp: ask(DEFAULT, action="round.commit", msp=msp, role="agent") for msp in (ALDER, BIRCH, STRANGER)}
    wrong = []

    def work(msp):
        wrong.extend(
            d for _ in range(50) if (d := ask(DEFAULT, action="round.commit", msp=msp, role="agent")) != expected[msp]
        )

    threads = [threading.Thread(target=work, args=(msp,)) for msp in expected for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
    assert expected[ALDER].allowed
    assert not expected[STRANGER].allowed
