from __future__ import annotations

from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.training.sampling import PassSampler, PoissonSampler, below
from participants.training.secrets import KeyStream
from quorate.errors import UsageError


def stream(key=1):
    return KeyStream(bytes([key]) * 32)


def poisson(records, rate, steps, key=1):
    return list(PoissonSampler(stream=stream(key), records=records, rate=rate, steps=steps))


def test_draws_are_uniform_by_rejection_not_by_remainder():
    class Scripted:
        """Gives what a biased generator would wrap around, then what is left."""

        def __init__(self):
            self.values = [2**64 - 1, 5, 2**64 - 2, 3, 4]

        def uint64(self, count):
            given, self.values = self.values[:count], self.values[count:]
            return np.array(given, dtype=np.uint64)

    # 2^64 = 3·(2^64 - 1)/3 + 1: the largest value alone is in excess and drawn again.
    assert below(Scripted(), 3, 2).tolist() == [(2**64 - 2) % 3, 2]


@given(st.integers(1, 1 << 32))
def test_draws_stay_below_their_bound(bound):
    assert (below(stream(), bound, 100) < np.uint64(bound)).all()


@pytest.mark.parametrize("bound", [0, -1, (1 << 32) + 1])
def test_other_bounds_are_refused(bound):
    with pytest.raises(UsageError):
        below(stream(), bound, 1)


@pytest.mark.parametrize("rate", [Fraction(1, 4), Fraction(3, 7), Fraction(1, 1000)])
def test_every_record_has_exactly_its_probability(rate):
    steps = poisson(5000, rate, 40)
    taken = sum(len(rows) for rows in steps)
    deviation = (200_000 * rate * (1 - rate)) ** 0.5
    assert abs(taken - 200_000 * rate) < 4.5 * deviation
    assert all(len(set(rows.tolist())) == len(rows) for rows in steps)


def test_batch_sizes_are_binomial_and_records_independent():
    sizes = np.array([len(rows) for rows in poisson(100, Fraction(1, 4), 4000)])
    assert abs(sizes.var() - 100 * 3 / 16) < 2
    both = sum({0, 1} <= set(rows.tolist()) for rows in poisson(2, Fraction(1, 4), 16_000))
    assert abs(both - 1000) < 140


def test_a_rate_of_one_takes_all_and_a_tiny_one_may_take_none():
    assert [len(rows) for rows in poisson(10, Fraction(1), 3)] == [10, 10, 10]
    assert [len(rows) for rows in poisson(3, Fraction(1, 1 << 30), 5)] == [0] * 5


def test_the_number_of_steps_is_public_whatever_the_records():
    for records in (0, 1, 1000):
        assert len(poisson(records, Fraction(1, 2), 6)) == 6


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(5, 4), Fraction(1, (1 << 32) + 1)])
def test_other_rates_are_refused(rate):
    with pytest.raises(UsageError):
        poisson(1, rate, 1)


def test_passes_use_every_record_equally_often():
    rows = np.concatenate(list(PassSampler(stream=stream(), records=10, batch_size=4, steps=10)))
    assert set(Counter(rows.tolist()).values()) == {4}
    assert rows[:10].tolist() != sorted(rows[:10].tolist())


def test_a_batch_is_never_larger_than_the_data():
    assert [len(rows) for rows in PassSampler(stream=stream(), records=3, batch_size=8, steps=4)] == [3] * 4
