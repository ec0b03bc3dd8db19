"""Chaincode and Python agree on random parameters: the same integers, or both refuse."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from quorate.errors import UsageError
from quorate.privacy.account import compose
from quorate.privacy.conversion import epsilon
from quorate.privacy.parameters import Mechanism

CHAINCODE = Path(__file__).parents[4] / "chaincode"
QUESTIONS = 150


def random_decimal(source):
    whole = source.choice(["0", "1", "2", str(source.randint(0, 99)), str(source.randint(100, 99_999))])
    return f"{whole}.{source.randint(0, 10 ** (digits := source.randint(1, 6)) - 1):0{digits}d}".rstrip("0").rstrip(".")


def random_rate(source):
    b = source.choice([4, 32, 1000, source.randint(1, 10**9 - 1)])
    return f"{source.choice([1, 1, source.randint(1, b)])}/{b}"


def random_delta(source):
    tail = source.choice(["", "", f".{source.randint(0, 999_999):06d}".rstrip("0").rstrip(".")])
    return f"{source.randint(1, 9)}{tail}e-{source.randint(1, source.choice([9, 99]))}"


def random_question(source):
    charges = [
        {
            "noise_multiplier": random_decimal(source),
            "sample_rate": random_rate(source),
            "steps": source.choice([1, 6, source.randint(1, 10_000), source.randint(1, 10**9)]),
        }
        for _ in range(source.choice([1, 1, 3]))
    ]
    return {"charges": charges, "delta": random_delta(source)}


def answer(question):
    try:
        account = compose(Mechanism(**charge) for charge in question["charges"])
        nano, order = epsilon(account.spent, question["delta"])
    except UsageError as error:
        return {"refusal": error.message}
    histogram = [
        {name: getattr(m, name) for name in ("noise_multiplier", "sample_rate", "steps")} for m in account.histogram
    ]
    return {"rdp_nano": account.spent.to_json(), "histogram": histogram, "epsilon_nano": str(nano), "order": order}


@pytest.fixture(scope="module")
def chaincode_answers():
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs the Go toolchain")
    source = random.Random(20261122)  # noqa: S311 - a seed, for the same questions on every machine
    questions = [random_question(source) for _ in range(QUESTIONS)]
    done = subprocess.run(
        [go, "run", "./privacy/internal/accountant"],
        cwd=CHAINCODE,
        input="\n".join(map(json.dumps, questions)),
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return list(zip(questions, map(json.loads, done.stdout.splitlines()), strict=True))


def test_same_answers(chaincode_answers):
    for question, expected in chaincode_answers:
        got = answer(question)
        if "refusal" in expected:
            assert got.keys() == {"refusal"}, question
            assert got["refusal"].split()[0] == expected["refusal"].split()[0], question
        else:
            assert got == expected, question


def test_the_questions_are_not_all_refused(chaincode_answers):
    refused = sum("refusal" in expected for _, expected in chaincode_answers)
    assert 5 < refused < QUESTIONS * 2 // 3
