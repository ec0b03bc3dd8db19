import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate import canonical
from quorate.errors import UsageError
from tests.vectors.load import load

VECTORS = load("canonical.json")
LIMIT = 1 << 16

integers = st.integers(-canonical.MAX_INTEGER, canonical.MAX_INTEGER)
values = st.recursive(
    st.none() | st.booleans() | integers | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def name_of(case):
    return case["name"]


@pytest.mark.parametrize("case", VECTORS["canonical"], ids=name_of)
def test_pinned_documents_have_their_one_encoding(case):
    value = canonical.loads(case["input"].encode(), limit=LIMIT)
    assert canonical.dumps(value) == case["output"].encode()
    assert canonical.require_canonical(case["output"].encode()) == value


@pytest.mark.parametrize("case", VECTORS["refused"], ids=name_of)
def test_pinned_bad_documents_are_refused(case):
    with pytest.raises(UsageError):
        canonical.loads(bytes.fromhex(case["hex"]), limit=LIMIT)


@given(values)
def test_every_value_comes_back(value):
    assert canonical.require_canonical(canonical.dumps(value), limit=1 << 20) == value


@given(st.dictionaries(st.text(), integers, min_size=2))
def test_the_order_of_names_does_not_matter(members):
    backwards = dict(reversed(members.items()))
    assert canonical.dumps(backwards) == canonical.dumps(members)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        canonical.MAX_INTEGER + 1,
        {1: 2},
        {"a": 0.5},
        "\ud800",
        {"\udfff": 1},
        b"bytes",
        {1, 2},
        object(),
    ],
    ids=repr,
)
def test_what_has_no_exact_form_is_not_written(value):
    with pytest.raises(UsageError):
        canonical.dumps(value)


@pytest.mark.parametrize("text", [b' {"a":1}', b'{"a": 1}', b'{"b":1,"a":2}', b'"\\u0061"', b'"\\/"', b"-0", b"{}\n"])
def test_other_encodings_of_a_good_value_are_refused(text):
    canonical.loads(text, limit=LIMIT)
    with pytest.raises(UsageError, match="canonical form"):
        canonical.require_canonical(text)


def test_size_is_checked_before_anything_is_parsed():
    canonical.loads(b"[1,2]", limit=5)
    with pytest.raises(UsageError, match="6 bytes, more than the 5"):
        canonical.loads(b"\xff" * 6, limit=5)


def test_a_document_of_the_ledger_is_bounded_by_default():
    with pytest.raises(UsageError, match="more than the 65536"):
        canonical.require_canonical(b'"' + b"a" * 65536 + b'"')


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_depth_is_bounded(opening, closing):
    deepest = opening * canonical.MAX_DEPTH + b"1" + closing * canonical.MAX_DEPTH
    value = canonical.require_canonical(deepest)
    with pytest.raises(UsageError, match="deeper than 32"):
        canonical.loads(opening + deepest + closing, limit=LIMIT)
    with pytest.raises(UsageError, match="deeper than 32"):
        canonical.dumps([value])


def test_depth_far_beyond_the_bound_does_not_exhaust_the_stack():
    with pytest.raises(UsageError, match="deeper than 32"):
        canonical.loads(b"[" * 60_000, limit=LIMIT)


def test_brackets_within_strings_are_not_depth():
    assert canonical.loads(b'["' + b'[{\\"' * 100 + b'"]', limit=LIMIT) == ['[{"' * 100]


def test_hostile_strings_cost_one_pass():
    began = time.thread_time()
    for hostile in (b'"' + b'\\"' * 500_000, b'"\\' * 500_000, b'"[' * 500_000):
        with pytest.raises(UsageError):
            canonical.loads(hostile, limit=1 << 20)
    assert time.thread_time() - began < 5


def test_a_duplicate_name_is_named():
    with pytest.raises(UsageError, match="'twice' appears twice"):
        canonical.loads(b'{"once":1,"twice":2,"twice":3}', limit=LIMIT)
