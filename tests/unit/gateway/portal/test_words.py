import pytest
from markupsafe import Markup

from gateway.portal.words import (
    epsilon,
    figure_columns,
    in_words,
    label,
    pretty,
    visible,
    with_code,
    with_short_digests,
)

DIGEST = "sha256:" + "ab" * 32


def test_json_is_laid_out_and_anything_else_stays():
    assert pretty('{"b":1}') == '{\n  "b": 1\n}'
    assert pretty("not JSON") == "not JSON"
    deep = "[" * 100_000
    assert pretty(deep) == deep


@pytest.mark.parametrize(
    "text",
    [
        r'{"note":"\ud800"}',  # half a character, which no page can be encoded with
        "[" * 300 + ",".join(["1"] * 20_000) + "]" * 300,  # forty kilobytes that become twelve megabytes
    ],
)
def test_json_that_no_page_could_show_laid_out_stays_as_it_is(text):
    assert pretty(text) == text


def test_what_turns_a_text_around_or_nobody_sees_is_an_escape():
    assert visible("a\u202eb\u2028c\x85d\u200be\tf\ng") == "a\\u202eb\\u2028c\\x85d\\u200be\tf\ng"
    assert visible("Étude über \N{GREEK SMALL LETTER EPSILON}") == "Étude über \N{GREEK SMALL LETTER EPSILON}"
    made = Markup("<b>\u202e</b>")
    assert visible(made) is made
    assert visible(None) is None


def test_digests_in_a_text_are_short_and_the_text_stays_text():
    other = "cd" * 32
    assert with_short_digests(f"<b>{DIGEST}; and {other}</b>") == (
        f'&lt;b&gt;<code title="{DIGEST}">ababababab…</code>; and <code title="{other}">cdcdcdcdcd…</code>&lt;/b&gt;'
    )
    assert with_short_digests("no digest & none") == "no digest &amp; none"
    assert with_short_digests("ab" * 33) == "ab" * 33
    assert with_short_digests("a\u202eb") == "a\\u202eb"


def test_commands_in_a_text_of_ours_are_code_and_the_rest_stays_text():
    assert with_code("Ask <first>, then `quorate audit check --x <y>`.") == (
        "Ask &lt;first&gt;, then <code>quorate audit check --x &lt;y&gt;</code>."
    )
    assert with_code("nothing & none") == "nothing &amp; none"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("{}", []),
        ('{"after":"after-94","kinds":["study","round"]}', [("after", "after-94"), ("kinds", "study, round")]),
        ('{"first_block":3}', [("first block", "3")]),
        ("not JSON", [("", "not JSON")]),
        ("[1]", [("", "[1]")]),
    ],
)
def test_a_filter_is_told_in_words(asked, words):
    assert in_words(asked) == words


def test_an_epsilon_is_rounded_up_as_everywhere():
    assert epsilon("1205408416") == "1.2055"


def test_columns_of_numbers_are_known_however_they_are_written():
    rows = [
        {
            "epsilon": "0.7104",
            "rate": "1/4",
            "delta": "1e-5",
            "round": 1,
            "study": "1",
            "claimed_time": 1,
            "state": "FINAL",
        },
        {"epsilon": None, "rate": "1/8", "delta": "1e-5", "round": 2, "study": "2", "claimed_time": 2, "state": "7"},
    ]
    assert figure_columns(rows, tuple(rows[0])) == {"epsilon", "rate", "delta", "round"}
    assert figure_columns([{"yes": True, "none": None}], ("yes", "none")) == frozenset()


def test_columns_have_names_for_people():
    assert (label("dataset"), label("claimed_time"), label("rejected_by")) == (
        "Data set",
        "Claimed time",
        "Rejected by",
    )
