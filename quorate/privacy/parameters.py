"""The parameters of an accounted mechanism: exact decimals and fractions, bounded, each value in one text only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Final, NoReturn

from quorate.errors import UsageError
from quorate.privacy.orders import UNIT

MAX_STEPS: Final = 1_000_000_000
"""The most steps that one charge may have."""

MAX_TOTAL_STEPS: Final = 2**53 - 1
"""The most steps that an account can hold of one mechanism; JSON numbers are exact up to here."""

MIN_NOISE_MULTIPLIER: Final = Fraction(3, 10)
MAX_NOISE_MULTIPLIER: Final = Fraction(100_000)

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,5})(?:\.[0-9]{1,6})?")
_FRACTION = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,8})")
_DELTA = re.compile(r"([1-9])(?:\.([0-9]{1,6}))?e-([1-9][0-9]?)")
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """The Poisson-subsampled Gaussian mechanism, repeated.

    Parameters
    ----------
    noise_multiplier
        σ, the noise's standard deviation in units of the clipping norm: a decimal such as ``"1.1"``, 0.3 to 100000.
    sample_rate
        q, the probability that a record takes part in a step: a fraction in lowest terms such as ``"1/32"``.
    steps
        How often the mechanism runs; at most `MAX_STEPS` in one charge, `MAX_TOTAL_STEPS` in a histogram.

    Raises
    ------
    UsageError
        When a parameter is out of range or not in its canonical text.
    """

    noise_multiplier: str
    sample_rate: str
    steps: int

    def __post_init__(self) -> None:
        parse_noise_multiplier(self.noise_multiplier)
        parse_sample_rate(self.sample_rate)
        require_steps(self.steps, most=MAX_TOTAL_STEPS)


def require_steps(steps: int, *, most: int) -> None:
    """Refuse a number of steps outside 1 to `most`."""
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= most:
        _refuse("steps", f"{_quote(str(steps))} is outside 1 to {most}")


def parse_decimal(name: str, text: str) -> Fraction:
    """Read a decimal of at most six digits before and after the point, in its canonical text.

    Canonical means: no leading zero, no trailing zero after the point, no sign, no exponent.
    """
    if not _DECIMAL.fullmatch(text):
        _refuse(
            name, f'{_quote(text)} is not a decimal such as "4" or "1.1" with at most six digits before and after it'
        )
    plain = text.rstrip("0").removesuffix(".") if "." in text else text
    if plain != text:
        _refuse_spelling(name, text, plain)
    return Fraction(text)


def parse_epsilon(name: str, text: str) -> int:
    """Read a positive ε, such as a data set's cap, and return it in nano-units, exactly."""
    value = parse_decimal(name, text)
    if value == 0:
        _refuse(name, "must be greater than zero")
    return int(value * UNIT)


def parse_noise_multiplier(text: str) -> Fraction:
    """Read σ."""
    value = parse_decimal("noise_multiplier", text)
    if not MIN_NOISE_MULTIPLIER <= value <= MAX_NOISE_MULTIPLIER:
        _refuse("noise_multiplier", f"{_quote(text)} is outside 0.3 to 100000")
    return value


def parse_sample_rate(text: str) -> tuple[int, int]:
    """Read q = a/b in lowest terms, 0 < q <= 1, and return a and b."""
    match = _FRACTION.fullmatch(text)
    if match is None:
        _refuse("sample_rate", f'{_quote(text)} is not a fraction such as "1/32" with at most nine digits each')
    a, b = int(match[1]), int(match[2])
    if a > b:
        _refuse("sample_rate", f"{_quote(text)} is greater than one")
    if (common := gcd(a, b)) > 1:
        _refuse_spelling("sample_rate", text, f"{a // common}/{b // common}")
    return a, b


def parse_delta(text: str) -> Fraction:
    """Read δ, 0 < δ < 1, in its canonical text, as in ``"1e-5"`` or ``"2.5e-6"``.

    One digit that is not zero, at most six decimals of which the last is not zero, and an exponent from -1 to -99.
    """
    match = _DELTA.fullmatch(text)
    if match is None:
        _refuse("delta", f'{_quote(text)} is not of the form "1e-5" or "2.5e-6", with at most six decimals')
    decimals = match[2] or ""
    if decimals.endswith("0"):
        mantissa = f"{match[1]}.{decimals}".rstrip("0").removesuffix(".")
        _refuse_spelling("delta", text, f"{mantissa}e-{match[3]}")
    return Fraction(text)


def _quote(text: str) -> str:
    return f'"{text}"' if len(text) <= _SHOWN else f'"{text[:_SHOWN]}"…'


def _refuse(name: str, reason: str) -> NoReturn:
    raise UsageError(f"{name} {reason}")


def _refuse_spelling(name: str, text: str, canonical: str) -> NoReturn:
    _refuse(name, f'{_quote(text)} has to be written "{canonical}": each value has one text only')
