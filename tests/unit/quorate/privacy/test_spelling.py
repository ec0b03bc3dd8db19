from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.privacy.parameters import parse_decimal, parse_delta, parse_sample_rate
from quorate.privacy.spelling import decimal_text, delta_text, epsilon_text, fraction_text


@pytest.mark.parametrize(
    ("spell", "typed", "canonical"),
    [
        (decimal_text, "4.0", "4"),
        (decimal_text, "04.50", "4.5"),
        (decimal_text, "1.1", "1.1"),
        (decimal_text, "100", "100"),
        (decimal_text, "1e-1", "0.1"),
        (fraction_text, "2/8", "1/4"),
        (fraction_text, "0.25", "1/4"),
        (fraction_text, "1", "1/1"),
        (fraction_text, "1/32", "1/32"),
        (delta_text, "0.00001", "1e-5"),
        (delta_text, "1E-05", "1e-5"),
        (delta_text, "0.25", "2.5e-1"),
        (delta_text, "25e-7", "2.5e-6"),
        (delta_text, "1.0e-5", "1e-5"),
    ],
)
def test_one_text_for_each_value(spell, typed, canonical):
    assert spell(typed) == canonical


@pytest.mark.parametrize("spell", [decimal_text, fraction_text, delta_text])
@pytest.mark.parametrize("text", ["", "-1", "nan", "1/0", "abc", "1e5", "1_000", " 1", "٤", "9" * 1000, "1e-999999999"])
def test_what_is_no_number_stays_for_the_parser_to_refuse(spell, text):
    assert spell(text) == text


@given(st.integers(min_value=1, max_value=10**6 - 1), st.integers(min_value=0, max_value=6))
def test_decimals_keep_their_value(digits, places):
    plain = f"{Fraction(digits, 10**places).numerator / Fraction(digits, 10**places).denominator:.6f}"
    assert parse_decimal("x", decimal_text(plain)) == Fraction(plain)


@given(st.integers(min_value=1, max_value=9_999_999), st.integers(min_value=7, max_value=12))
def test_deltas_keep_their_value(digits, places):
    plain = f"0.{digits:0{places}d}"
    assert parse_delta(delta_text(plain)) == Fraction(digits, 10**places)


@given(st.integers(min_value=1, max_value=10**9 - 1), st.integers(min_value=1, max_value=10**9 - 1))
def test_rates_keep_their_value(x, y):
    a, b = parse_sample_rate(fraction_text(f"{min(x, y)}/{max(x, y)}"))
    assert Fraction(a, b) == Fraction(min(x, y), max(x, y))


@pytest.mark.parametrize(
    ("nano", "text"), [(0, "0.0000"), (1, "0.0001"), (1_989_880_841, "1.9899"), (2_000_000_000, "2.0000")]
)
def test_epsilon_is_shown_rounded_up(nano, text):
    assert epsilon_text(nano) == text
