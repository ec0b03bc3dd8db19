from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.errors import UsageError
from quorate.privacy.parameters import (
    MAX_TOTAL_STEPS,
    Mechanism,
    parse_delta,
    parse_epsilon,
    parse_noise_multiplier,
    parse_sample_rate,
)


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (parse_noise_multiplier, "0.3", Fraction(3, 10)),
        (parse_noise_multiplier, "100000", 100_000),
        (parse_noise_multiplier, "1.000001", Fraction(1_000_001, 1_000_000)),
        (parse_sample_rate, "1/1", (1, 1)),
        (parse_sample_rate, "999999998/999999999", (999_999_998, 999_999_999)),
        (parse_delta, "1e-5", Fraction(1, 100_000)),
        (parse_delta, "9.999999e-1", Fraction(9_999_999, 10_000_000)),
        (parse_delta, "1e-99", Fraction(1, 10**99)),
    ],
)
def test_canonical_text_is_read_exactly(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text", "reason"),
    [
        (parse_noise_multiplier, "4.0", 'has to be written "4"'),
        (parse_noise_multiplier, "1.100000", 'has to be written "1.1"'),
        (parse_noise_multiplier, "0.299999", "outside 0.3 to 100000"),
        (parse_noise_multiplier, "100000.000001", "outside 0.3 to 100000"),
        (parse_noise_multiplier, "0", "outside 0.3 to 100000"),
        (parse_noise_multiplier, "04", "is not a decimal"),
        (parse_noise_multiplier, "4\n", "is not a decimal"),
        (parse_noise_multiplier, "٤", "is not a decimal"),
        (parse_noise_multiplier, "4e0", "is not a decimal"),
        (parse_noise_multiplier, "-4", "is not a decimal"),
        (parse_noise_multiplier, "1.1234567", "is not a decimal"),
        (parse_noise_multiplier, "", "is not a decimal"),
        (parse_noise_multiplier, "9" * 100_000, '"9999999999999999999999999999999999999999"… is not a decimal'),
        (parse_sample_rate, "2/8", 'has to be written "1/4"'),
        (parse_sample_rate, "5/4", "greater than one"),
        (parse_sample_rate, "0/4", "is not a fraction"),
        (parse_sample_rate, "1/0", "is not a fraction"),
        (parse_sample_rate, "0.25", "is not a fraction"),
        (parse_sample_rate, "1/1000000000", "is not a fraction"),
        (parse_delta, "1.0e-5", 'has to be written "1e-5"'),
        (parse_delta, "2.50e-6", 'has to be written "2.5e-6"'),
        (parse_delta, "0.00001", "is not of the form"),
        (parse_delta, "1e-05", "is not of the form"),
        (parse_delta, "1e-100", "is not of the form"),
        (parse_delta, "1e-0", "is not of the form"),
        (parse_delta, "1", "is not of the form"),
        (parse_delta, "nan", "is not of the form"),
    ],
)
def test_any_other_text_is_refused(parse, text, reason):
    with pytest.raises(UsageError, match=r".") as caught:
        parse(text)
    assert reason in caught.value.message
    assert len(caught.value.message) < 200


@pytest.mark.parametrize("steps", [0, -1, MAX_TOTAL_STEPS + 1, True, 1.0, "1"])
def test_steps_are_whole_and_bounded(steps):
    with pytest.raises(UsageError, match=r"steps .* is outside 1 to"):
        Mechanism(noise_multiplier="4", sample_rate="1/4", steps=steps)


def test_epsilon_in_nano_units_is_exact():
    assert parse_epsilon("epsilon", "0.000001") == 1000
    assert parse_epsilon("epsilon", "999999.999999") == 999_999_999_999_000
    with pytest.raises(UsageError, match="epsilon must be greater than zero"):
        parse_epsilon("epsilon", "0")


@given(st.text(max_size=20))
def test_text_from_outside_is_read_or_refused(text):
    for parse in (parse_noise_multiplier, parse_sample_rate, parse_delta):
        try:
            parse(text)
        except UsageError as error:
            assert error.code == "INVALID_ARGUMENT"  # noqa: PT017 - both ways are right
