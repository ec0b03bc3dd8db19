from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.privacy.explog import exp, log, log1p
from quorate.privacy.upward import Upward, ceiling

BITS = 192
U = Upward(BITS)
REFERENCE = Upward(1000)

numbers = st.builds(U.round, st.integers(min_value=1, max_value=2**400), st.integers(min_value=-900, max_value=900))


def value(x):
    mantissa, exponent = x
    return mantissa * Fraction(2) ** exponent


def assert_bound(got, exact, *, bits=BITS - 1):
    """At or above the exact value, by less than one unit in the place `bits`."""
    assert exact <= value(got)
    assert value(got) - exact <= abs(exact) / 2**bits


@given(numbers, numbers)
def test_multiply_and_add_are_the_next_number_above(x, y):
    assert_bound(U.multiply(x, y), value(x) * value(y))
    assert_bound(U.add(x, y), value(x) + value(y))


@given(numbers, st.integers(min_value=1, max_value=2**80))
def test_divide_is_the_next_number_above(x, n):
    assert_bound(U.divide(x, n), value(x) / n)


@given(st.integers(min_value=1, max_value=2**500), st.integers(min_value=1, max_value=2**500))
def test_ratio_is_the_next_number_above(n, d):
    assert_bound(U.ratio(n, d), Fraction(n, d))


@given(st.integers(min_value=-(2**300), max_value=2**300), st.integers(min_value=1, max_value=2**80))
def test_negative_numbers_round_towards_plus_infinity(n, d):
    assert_bound(U.divide(U.integer(n), d), Fraction(value(U.integer(n)), d), bits=BITS - 1)
    assert ceiling(U.integer(n)) >= n


@given(numbers)
def test_every_number_has_all_its_bits(x):
    assert x[0].bit_length() == BITS


@given(numbers)
def test_ceiling_is_the_next_integer(x):
    assert 0 <= ceiling(x) - value(x) < 1


def test_a_power_of_two_is_exact_after_carrying():
    assert value(U.round(2**BITS - 1, 0)) == 2**BITS - 1
    assert value(U.round(2 ** (BITS + 1) - 1, 0)) == 2 ** (BITS + 1)


@pytest.mark.parametrize("gap", [BITS + 7, BITS + 8, BITS + 9, 8_000_000])
def test_adding_across_a_huge_gap_rounds_up_and_stays_short(gap):
    large, small = U.round(1, gap), U.round(1, 0)
    total = U.add(small, large)
    assert total == U.add(large, small)
    assert total == (large[0] + 1, large[1])


def test_adding_zero_changes_nothing():
    assert U.add((0, 0), U.integer(3)) == U.add(U.integer(3), (0, 0)) == U.integer(3)


@pytest.mark.parametrize("x", ["1/10000000000", "1/1000", "1/2", "1", "9/4", "100/9"])
def test_exp_bounds_from_above(x):
    exact = value(exp(REFERENCE, Fraction(x)))  # itself above by 2^-970 or so
    assert_bound(exp(U, Fraction(x)), exact, bits=170)


def test_exp_of_one():
    e = Fraction(
        "2.7182818284590452353602874713526624977572470936999595749669676277240766303535475945713821785251664274"
    )
    assert_bound(exp(U, Fraction(1)), e, bits=170)


@pytest.mark.parametrize(
    ("n", "d", "exponent"), [(1_000_000_001, 10**9, 0), (3, 1, 0), (7, 5, 8_000_000), (7, 5, -300), (2, 3, 0)]
)
def test_log_bounds_from_above(n, d, exponent):
    got, exact = value(log(U, n, d, exponent)), value(log(REFERENCE, n, d, exponent))
    assert exact <= got <= exact + max(abs(exact), Fraction(1)) / 2**180


def test_log_of_one_is_zero():
    assert log(U, 12, 3, -2) == (0, 0)
    assert log1p(U, (0, 0)) == (0, 0)


def test_log_of_two_by_another_series():
    # log 2 = Σ 1/(k·2^k), and less than the last term is left out.
    terms = [Fraction(1, k * 2**k) for k in range(1, 400)]
    assert sum(terms) <= value(log(U, 2, 1))
    assert_bound(log(U, 2, 1), sum(terms) + terms[-1], bits=BITS - 4)


@pytest.mark.parametrize("exponent", [-400, -1, 0, 1, 100, 8_000_000])
def test_log1p_across_magnitudes(exponent):
    exact = value(log1p(REFERENCE, REFERENCE.round(1, exponent)))
    assert_bound(log1p(U, U.round(1, exponent)), exact, bits=180)
