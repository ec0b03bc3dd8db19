"""Chaincode and Python agree on random texts and requests: the same refusals, decisions and deciding policies."""

import json
import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from quorate.errors import UsageError
from quorate.policy import ACTIONS, PolicyRefusedError, Principal, Request, World, check, parse
from tests.unit.quorate.policy.samples import (
    ALDER,
    BIRCH,
    CEDAR,
    CERTIFICATE,
    CHAINCODE,
    DEFAULT,
    MEMBERS,
    NOW,
    ROLES,
    STRANGER,
    corpus,
    dataset,
    kind_of,
    model,
    round_,
    study,
)
from tests.unit.quorate.policy.texts import deepest, mutated, pieces, policy_text

OF_DEFAULT = 800
OF_RANDOM = 600
OF_GUARD = 1500
ORGS = [ALDER, BIRCH, CEDAR, STRANGER]


@pytest.fixture(scope="module")
def chaincode_answers():
    """Ask the chaincode's own code many questions at once."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs the Go toolchain")

    def answers(questions):
        done = subprocess.run(
            [go, "run", "./authz/internal/decide"],
            cwd=CHAINCODE,
            input="\n".join(map(json.dumps, questions)),
            capture_output=True,
            text=True,
            timeout=280,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return list(map(json.loads, done.stdout.splitlines()))

    return answers


@pytest.fixture
def source():
    return random.Random(20261122)  # noqa: S311 - a seed, for the same questions on every machine


def random_study(source):
    return study(
        source.choice(["one", "two"]),
        state=source.choice(["PROPOSED", "READY", "RUNNING", "RUNNING", "SUSPENDED", "COMPLETED"]),
        proposer=source.choice(ORGS),
        participants=tuple((msp, "rows") for msp in sorted(source.sample(ORGS, source.randint(1, 3)))),
        attesters=source.sample(ORGS, source.randint(2, 3)),
        purpose=source.choice(["research", "research", "care"]),
    )


def random_resource(source, action):
    """Return the records of what an action is done to; now and then those of something else."""
    kind = (
        kind_of(action) if source.random() < 0.9 else source.choice(["consortium", "study", "round", "model", "trail"])
    )
    about = random_study(source)
    name, owner = about.study, source.choice(ORGS)
    return {
        "consortium": {},
        "study": {"study": about},
        "round": {
            "study": about,
            "round": round_(
                name,
                source.randint(1, 9),
                state=source.choice(["OPEN", "SEALED", "FINAL"]),
                attesters=source.sample(ORGS, 2),
            ),
        },
        "dataset": {
            "dataset": dataset(
                owner,
                purposes=source.sample(["research", "care", "quality"], source.randint(1, 3)),
                protection=source.choice(["dp", "unprotected"]),
                state=source.choice(["ACTIVE", "ACTIVE", "RETIRED"]),
            )
        },
        "model": {"study": about, "model": model(name, state=source.choice(["FINAL", "RETIRED"]))},
        "trail": {"trail": source.choice(["quorate", "one"])},
    }[kind] | {"kind": kind}


def random_case(source, text):
    action = source.choice([*ACTIONS, "data.train", "round.invented"]) if source.random() < 0.95 else "founding"
    known = action in ACTIONS
    return {
        "text": text,
        "members": source.choice([MEMBERS, MEMBERS, MEMBERS, [ALDER, BIRCH], []]),
        "msp": source.choice(ORGS),
        "role": source.choice([*ROLES, *ROLES, ""]),
        "action": action,
        "resource": random_resource(source, action if known else "audit.info"),
        "now": source.choice([0, NOW, source.randint(-(10**12), 10**13)]),
        "study": random_study(source) if action == "data.train" or source.random() < 0.02 else None,
    }


def question(case):
    return {
        "text": case["text"],
        "request": {
            "members": case["members"],
            "principal": {"msp": case["msp"], "role": case["role"], "certificate": CERTIFICATE},
            "action": case["action"],
            "resource": {name: json_of(value) for name, value in case["resource"].items()},
            "now": case["now"],
            "study": json_of(case["study"]),
        },
    }


def json_of(value):
    return value.as_json() if hasattr(value, "as_json") else value


def added(world, resource):
    about = [resource[name] for name in ("study", "round", "dataset", "model", "trail") if name in resource]
    if resource["kind"] == "consortium":
        return world.consortium
    return getattr(world, {"trail": "audit_trail"}.get(resource["kind"], resource["kind"]))(*about)


def decide(case):
    world = World(case["members"])
    resource = added(world, case["resource"])
    about = world.study(case["study"]) if case["study"] else None
    principal = Principal(msp=case["msp"], role=case["role"], certificate=CERTIFICATE)
    made = parse(case["text"]).decide(
        world, Request(principal=principal, action=case["action"], resource=resource, now=case["now"], study=about)
    )
    return {"allow": made.allowed, "policies": list(made.policies), "digest": made.policy_digest}


def test_decisions_by_the_default_policies(chaincode_answers, source):
    cases = [random_case(source, DEFAULT) for _ in range(OF_DEFAULT)]
    expected = chaincode_answers(map(question, cases))
    assert len(expected) == OF_DEFAULT
    for case, answer in zip(cases, expected, strict=True):
        assert decide(case) == answer["decision"], case
    allowed = sum(answer["decision"]["allow"] for answer in expected)
    assert OF_DEFAULT // 20 < allowed < OF_DEFAULT // 2
    decided = {name for answer in expected for name in answer["decision"]["policies"]}
    assert len(decided) > len(check(DEFAULT)) * 3 // 4


def test_decisions_by_random_policies(chaincode_answers, source):
    cases = [random_case(source, policy_text(source)) for _ in range(OF_RANDOM)]
    expected = chaincode_answers(map(question, cases))
    decided = 0
    for case, answer in zip(cases, expected, strict=True):
        assert outcome(case) == answer, case["text"]
        decided += answer["cedar"]
    assert decided > OF_RANDOM * 9 // 10
    assert sum(answer["decision"]["allow"] for answer in expected if answer["cedar"]) > OF_RANDOM // 20


def test_the_deepest_policies_are_decided_alike_in_any_thread(chaincode_answers, source):
    case = random_case(source, DEFAULT) | {"resource": {"kind": "study", "study": study()}}
    cases = [case | {"text": text} for text in deepest()]
    expected = chaincode_answers(map(question, cases))
    assert {answer["reason"] for answer in expected} == {""}
    assert sum(answer["cedar"] for answer in expected) == len(cases)
    with ThreadPoolExecutor(1) as thread:
        for one, here, there, answer in zip(
            cases, map(outcome, cases), thread.map(outcome, cases), expected, strict=True
        ):
            assert here == there == answer, one["text"]


def outcome(case):
    try:
        return {"reason": "", "cedar": True, "decision": decide(case)}
    except PolicyRefusedError as error:
        return {"reason": error.reason, "cedar": False}
    except UsageError:
        return {"reason": "", "cedar": False}


def test_the_guard_refuses_for_the_same_reasons(chaincode_answers, source):
    known = [case["text"] for case in corpus("guard.json")["cases"] if 0 < len(case["text"]) < 10_000]
    texts = [
        pieces(source) if source.random() < 0.4 else mutated(source, source.choice(known)) for _ in range(OF_GUARD)
    ]
    expected = chaincode_answers({"text": text} for text in texts)
    for text, answer in zip(texts, expected, strict=True):
        assert reason(text) == answer["reason"], text
    assert len({answer["reason"] for answer in expected}) > 15


def reason(text):
    try:
        check(text)
    except PolicyRefusedError as error:
        return error.reason
    return ""
