"""The guard refuses what the chaincode's refuses, for the same reasons, and before any engine sees it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.policy import PolicyRefusedError, Reason, check
from quorate.policy.guard import MAX_TEXT
from quorate.policy.refusal import HINTS
from tests.unit.quorate.policy.samples import DEFAULT, corpus

PIECES = [
    *('"', "\\", "//", "/*", "*/", "\n", "\r", "\t", " ", "?", "@id", '@id("a")', '("b")', ";", "::", "action", ","),
    *("permit", "forbid", "principal", "resource", "when", "unless", "==", "in", "!", "-", ".", "a", "1", "{", "}"),
    *(
        "(",
        ")",
        "[",
        "]",
        'Action::"x"',
        'Round::"x"',
        "toDate",
        'decimal("+1.0")',
        'duration("1ms")',
        "é",
        "\x7f",
        "%",
    ),
    "permit (principal, action, resource);",
]


def refusal_of(text):
    try:
        check(text)
    except PolicyRefusedError as error:
        return error.reason
    return ""


def test_the_shared_corpus():
    cases = corpus("guard.json")["cases"]
    assert len(cases) > 50
    assert {case["name"]: refusal_of(case["text"]) for case in cases} == {
        case["name"]: case["reason"] for case in cases
    }
    assert all(case["accepted"] == (case["reason"] == "") for case in cases)


def test_the_shared_corpus_gives_every_reason():
    given = {case["reason"] for case in corpus("guard.json")["cases"]}
    assert given == {"", *Reason} - {Reason.NOT_UTF8}  # which JSON cannot carry


def test_text_that_has_no_utf8_is_refused():
    assert refusal_of("// \ud800\n") == Reason.NOT_UTF8


def test_ids_come_in_the_order_of_the_text():
    assert check('@id("b") permit (principal, action, resource); @id("a") forbid (principal, action, resource);') == (
        "b",
        "a",
    )
    assert check(DEFAULT)[0] == "forbid-outsiders"
    assert check("// nothing\n") == ()


def test_a_refusal_says_its_reason_its_line_and_what_to_do():
    with pytest.raises(PolicyRefusedError, match=r"the policy text is refused: template in line 3$") as caught:
        check("// one\n\n ?")
    assert caught.value.code == "INVALID_ARGUMENT"
    assert caught.value.reason is Reason.TEMPLATE
    assert caught.value.hint == HINTS[Reason.TEMPLATE]


def test_every_reason_says_what_to_do():
    assert set(HINTS) == set(Reason)


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
def test_any_text_has_ids_or_a_reason(text):
    reason = refusal_of(text)
    assert isinstance(reason, Reason) or len(set(check(text))) == len(check(text))


@pytest.mark.parametrize(
    "text",
    [
        "(" * MAX_TEXT,
        '"' + "\\" * (MAX_TEXT - 1),
        '"' + "\\\\" * (MAX_TEXT // 2 - 1),
        'duration("' + "1" * (MAX_TEXT - 20) + '");',
        "/" * MAX_TEXT,
        "a." * (MAX_TEXT // 2),
        "@" * MAX_TEXT,
    ],
)
def test_the_largest_texts_are_checked_in_no_time(text):
    begun = time.thread_time()
    refusal_of(text)
    assert time.thread_time() - begun < 2
