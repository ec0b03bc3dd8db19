from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.fabric.patience import Patience


def took(patience, seconds, *, copies=1, taken=0.0):
    place = patience.enter(taken)
    patience.committed(place, taken + seconds, copies=copies)
    patience.leave(place)


def test_at_first_it_is_the_least():
    assert Patience(2.0).seconds == 2.0


def test_quick_commits_leave_it_at_the_least():
    patience = Patience(2.0)
    for _ in range(100):
        took(patience, 0.05)
    assert patience.seconds == 2.0


def test_it_grows_with_what_commits_take():
    patience = Patience(2.0)
    for _ in range(100):
        took(patience, 3.0)
    assert patience.seconds == pytest.approx(3.0, abs=0.01)


def test_it_allows_for_how_much_they_differ():
    patience = Patience(2.0)
    took(patience, 1.5)
    assert patience.seconds == 1.5 + 4 * 0.75


def test_it_is_doubled_until_a_transaction_commits_without_a_copy():
    patience = Patience(2.0)
    took(patience, 2.5, copies=2)
    took(patience, 2.5, copies=3)
    assert patience.seconds == 4.0
    took(patience, 0.05)
    assert patience.seconds == 2.0


def test_each_pause_is_twice_the_last_up_to_four_times_the_least():
    assert list(islice(Patience(2.0).pauses(), 5)) == [2.0, 4.0, 8.0, 8.0, 8.0]


def test_a_queue_that_moves_is_waited_for():
    patience = Patience(2.0)
    place = patience.enter(10.0)
    assert patience.moved(place) == 10.0
    took(patience, 6.0, taken=9.0)
    assert patience.moved(place) == 15.0


def test_what_others_pass_by_is_not_in_the_queue():
    patience = Patience(2.0)
    first, second = patience.enter(10.0), patience.enter(10.1)
    took(patience, 3.0, taken=12.0)
    assert (patience.moved(first), patience.moved(second)) == (10.0, 15.0)


def test_a_queue_that_moved_before_it_was_joined_says_nothing():
    patience = Patience(2.0)
    took(patience, 0.5, taken=9.0)
    assert patience.moved(patience.enter(10.0)) == 10.0


def test_only_the_foremost_are_sent_again_while_nothing_is_known_to_be_lost():
    patience = Patience(2.0)
    places = [patience.enter(10.0) for _ in range(20)]
    assert [patience.may_send(place) for place in places] == [True] * 8 + [False] * 12
    patience.leave(places[0])
    assert patience.may_send(places[8])
    patience.committed(places[0], 13.0, copies=2)
    assert all(patience.may_send(place) for place in places)
    patience.committed(places[1], 13.0, copies=1)
    assert not patience.may_send(places[19])


@given(st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 5))))
def test_it_is_always_between_the_least_and_four_times_that(taken):
    patience = Patience(0.5)
    for seconds, copies in taken:
        took(patience, seconds, copies=copies)
    assert 0.5 <= patience.seconds <= 2.0
