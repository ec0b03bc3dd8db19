from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.privacy.orders import ORDERS, UNIT
from quorate.privacy.parameters import Mechanism, parse_noise_multiplier, parse_sample_rate
from quorate.privacy.rdp import log_moments, sampled_charge
from quorate.privacy.upward import Upward
from quorate.privacy.vector import charge

CORNERS = [
    (sigma, rate, steps)
    for sigma in ("0.3", "1.1", "1000", "100000")
    for rate in ("1/999999999", "7/300", "1/4", "999999998/999999999")
    for steps in (1, 48, 10**9)
]


def mechanism(sigma, rate, steps):
    return Mechanism(noise_multiplier=sigma, sample_rate=rate, steps=steps)


@pytest.mark.parametrize("bits", [160, 256])
@pytest.mark.parametrize(("sigma", "rate", "steps"), CORNERS)
def test_every_precision_gives_the_same_integers(bits, sigma, rate, steps):
    u = Upward(bits)
    a, b = parse_sample_rate(rate)
    moments = log_moments(u, noise_multiplier=parse_noise_multiplier(sigma), a=a, b=b)
    assert sampled_charge(u, moments, steps) == charge(mechanism(sigma, rate, steps)).nano


def test_plain_gaussian_is_exact():
    assert charge(mechanism("0.5", "1/1", 3)).nano == tuple(6 * order * UNIT for order in ORDERS)
    assert charge(mechanism("3", "1/1", 1)).at(2) == 111_111_112


# A(2) = 1 + q²(e^{1/σ²}-1); exp and log here are Python's, good to 15 digits.
def test_order_two_by_its_closed_form():
    from math import expm1, log1p  # noqa: PLC0415 - floats stay in this test

    for sigma, rate in [("1.1", "1/32"), ("4", "1/4"), ("0.5", "9/10")]:
        q = float(Fraction(rate))
        expected = 1000 * UNIT * log1p(q * q * expm1(float(sigma) ** -2))
        assert charge(mechanism(sigma, rate, 1000)).at(2) == pytest.approx(expected, rel=1e-12, abs=1)


@settings(max_examples=15, deadline=None)
@given(
    tenths=st.integers(min_value=10, max_value=90),
    n=st.integers(min_value=2, max_value=5000),
    steps=st.integers(min_value=1, max_value=100_000),
)
def test_charge_grows_with_steps_rate_and_order_and_falls_with_noise(tenths, n, steps):
    def nano(*, tenths=tenths, n=n, steps=steps):
        sigma = str(tenths / 10).removesuffix(".0")
        return charge(mechanism(sigma, f"1/{n}", steps)).nano

    base = nano()
    assert list(base) == sorted(base)
    assert all(map(int.__ge__, nano(steps=steps + 1), base))
    assert all(map(int.__ge__, nano(n=n - 1), base))
    assert all(map(int.__le__, nano(tenths=tenths + 1), base))
