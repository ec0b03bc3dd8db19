from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.aggregation import require_no_overflow, rule_named, weighted_mean
from quorate.errors import UnsupportedVersionError, UsageError
from quorate.fixedpoint import MAX_BOUND, TOTAL_LIMIT
from tests.vectors import slow

elements = st.integers(-MAX_BOUND, MAX_BOUND)
columns = st.integers(1, 6).flatmap(lambda size: st.lists(st.lists(elements, min_size=size, max_size=size), min_size=1))
weights = st.integers(1, 2**20)


@given(columns, st.data())
def test_the_weighted_mean_is_that_of_fractions(updates, data):
    chosen = data.draw(st.lists(weights, min_size=len(updates), max_size=len(updates)))
    mean = weighted_mean([np.array(update, np.int32) for update in updates], chosen)
    expected = [
        slow.half_even(Fraction(sum(w * u for w, u in zip(chosen, column, strict=True)), sum(chosen)))
        for column in zip(*updates, strict=True)
    ]
    assert mean.dtype == np.int64
    assert mean.tolist() == expected


@given(columns, st.data())
def test_the_weighted_mean_does_not_depend_on_the_order(updates, data):
    chosen = data.draw(st.lists(weights, min_size=len(updates), max_size=len(updates)))
    order = data.draw(st.permutations(range(len(updates))))
    arrays = [np.array(update, np.int32) for update in updates]
    mean = weighted_mean(arrays, chosen)
    shuffled = weighted_mean([arrays[place] for place in order], [chosen[place] for place in order])
    assert mean.tolist() == shuffled.tolist()


def test_the_weighted_mean_leaves_the_updates_alone():
    update = np.array([3, -3], np.int32)
    weighted_mean([update, update], [1, 2])
    assert update.tolist() == [3, -3]


@pytest.mark.parametrize(("updates", "chosen"), [(0, []), (1, []), (1, [1, 1]), (2, [1, 0]), (1, [-1])])
def test_updates_and_weights_must_fit(updates, chosen):
    with pytest.raises(UsageError, match="no weighted mean"):
        weighted_mean([np.zeros(1, np.int32)] * updates, chosen)


def test_rules_are_found_by_the_name_in_the_terms():
    assert rule_named("weighted-mean", {}) is weighted_mean
    with pytest.raises(UnsupportedVersionError, match="'median'"):
        rule_named("median", {})
    with pytest.raises(UsageError, match="no parameters"):
        rule_named("weighted-mean", {"trim": 1})


def test_terms_that_could_overflow_are_refused_exactly_at_the_limit():
    require_no_overflow(members=1, largest_weight=TOTAL_LIMIT - 1, bound=1)
    require_no_overflow(members=2, largest_weight=1, bound=TOTAL_LIMIT // 2 - 1)
    for members, weight, bound in [(1, TOTAL_LIMIT, 1), (2, TOTAL_LIMIT // 2, 1), (4, 2**30, 2**30)]:
        with pytest.raises(UsageError, match="could overflow"):
            require_no_overflow(members=members, largest_weight=weight, bound=bound)
