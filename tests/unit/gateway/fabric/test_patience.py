from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fabric.patience import Patience


def test_at_first_it_is_the_least():
    assert Patience(2.0).seconds == 2.0


def test_quick_commits_leave_it_at_the_least():
    patience = Patience(2.0)
    for _ in range(100):
        patience.took(0.05, copies=1)
    assert patience.seconds == 2.0


def test_it_grows_with_what_commits_take():
    patience = Patience(2.0)
    for _ in range(100):
        patience.took(3.0, copies=1)
    assert patience.seconds == pytest.approx(3.0, abs=0.01)


def test_it_allows_for_how_much_they_differ():
    patience = Patience(2.0)
    patience.took(1.5, copies=1)
    assert patience.seconds == 1.5 + 4 * 0.75


def test_it_is_doubled_until_a_transaction_commits_without_a_copy():
    patience = Patience(2.0)
    patience.took(2.5, copies=2)
    patience.took(2.5, copies=3)
    assert patience.seconds == 4.0
    patience.took(0.05, copies=1)
    assert patience.seconds == 2.0


def test_each_pause_is_twice_the_last_up_to_four_times_the_least():
    assert list(islice(Patience(2.0).pauses(), 5)) == [2.0, 4.0, 8.0, 8.0, 8.0]


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 5))))
def test_it_is_always_between_the_least_and_four_times_that(taken):
    patience = Patience(0.5)
    for seconds, copies in taken:
        patience.took(seconds, copies=copies)
    assert 0.5 <= patience.seconds <= 2.0
