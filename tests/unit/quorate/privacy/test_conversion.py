import pytest

from quorate.errors import UsageError
from quorate.privacy.conversion import Epsilon, epsilon, fits
from quorate.privacy.parameters import Mechanism
from quorate.privacy.vector import NOTHING, charge


def spent(sigma, rate, steps):
    return charge(Mechanism(noise_multiplier=sigma, sample_rate=rate, steps=steps))


def test_nothing_spent_is_zero_at_no_order():
    assert epsilon(NOTHING, "1e-5") == Epsilon(nano=0, order=0)


def test_epsilon_is_clamped_at_zero():
    assert epsilon(spent("100000", "1/999999999", 1), "9e-1") == Epsilon(nano=0, order=2)


def test_an_offset_of_exactly_zero_is_not_rounded_up():
    # At δ = 1/4 and order 2, log(1/2) - (log 1/4 + log 2) is zero.
    one = spent("100", "1/1", 1)
    assert epsilon(one, "2.5e-1").nano <= one.at(2)


def test_the_demo_study_stays_below_two():
    assert epsilon(spent("4", "1/4", 48), "1e-5") == Epsilon(nano=1_989_880_841, order=10)


def test_fits_says_what_it_would_be():
    before, added = spent("4", "1/4", 42), spent("4", "1/4", 6)
    after = epsilon(before + added, "1e-5").nano
    assert fits(before, added, cap_nano=after, delta="1e-5") == (True, after)
    assert fits(before, added, cap_nano=after - 1, delta="1e-5") == (False, after)


def test_malformed_delta_is_refused_also_for_nothing():
    with pytest.raises(UsageError, match="delta"):
        epsilon(NOTHING, "0.00001")
