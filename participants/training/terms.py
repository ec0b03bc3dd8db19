"""The privacy terms of a study as training needs them: exact, public, and equal for every member."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from participants.training.sampling import MAX_DENOMINATOR
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_STEPS: Final = 1_000_000
SMALLEST_NOISE: Final = Decimal("0.3")

_DECIMAL = re.compile(r"(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,9})?")
_RATIONAL = re.compile(r"([1-9][0-9]{0,9})/([1-9][0-9]{0,9})")


@dataclass(frozen=True, kw_only=True)
class PrivacyTerms:
    """DP-SGD's public parameters; nothing in them depends on how many records a member has.

    Parameters
    ----------
    noise_multiplier
        The noise's standard deviation in units of the clipping norm; at least 0.3.
    sample_rate
        The probability a/b with which each record takes part in a step.
    steps_per_round
        How many steps a round has, empty ones included.
    clipping_norm
        C: the largest L2 norm of one record's gradient after clipping.
    expected_batch_size
        What the sum of gradients is divided by: a public number, whatever the batch.
    """

    noise_multiplier: Decimal
    sample_rate: Fraction
    steps_per_round: int
    clipping_norm: Decimal
    expected_batch_size: int

    def __post_init__(self) -> None:
        if self.noise_multiplier < SMALLEST_NOISE:
            raise UsageError(f"the noise multiplier {self.noise_multiplier} is below {SMALLEST_NOISE}")
        if not 0 < self.sample_rate <= 1 or self.sample_rate.denominator > MAX_DENOMINATOR:
            raise UsageError(f"the sample rate {self.sample_rate} is not a rational between 0 and 1")
        if not 0 < self.steps_per_round <= MAX_STEPS:
            raise UsageError(f"{self.steps_per_round} steps a round are not between 1 and {MAX_STEPS}")
        if self.clipping_norm <= 0 or self.expected_batch_size < 1:
            raise UsageError("the clipping norm and the expected batch size are positive")

    @classmethod
    def parse(cls, terms: Mapping[str, object]) -> PrivacyTerms:
        """Return the terms written as a study writes them: decimals and ``a/b`` as text, counts as integers.

        Further fields, such as the mechanism's name, are for others to check.

        Raises
        ------
        UsageError
            When a field is missing or not in its exact form.
        """
        rate = _matched(_RATIONAL, terms, "sample_rate", "a/b")
        return cls(
            noise_multiplier=Decimal(_matched(_DECIMAL, terms, "noise_multiplier", "a decimal")[0]),
            sample_rate=Fraction(int(rate[1]), int(rate[2])),
            steps_per_round=_integer(terms, "steps_per_round"),
            clipping_norm=Decimal(_matched(_DECIMAL, terms, "clipping_norm", "a decimal")[0]),
            expected_batch_size=_integer(terms, "expected_batch_size"),
        )

    def to_json(self) -> dict[str, str | int]:
        """Return what `parse` reads."""
        return {
            "noise_multiplier": f"{self.noise_multiplier:f}",
            "sample_rate": f"{self.sample_rate.numerator}/{self.sample_rate.denominator}",
            "steps_per_round": self.steps_per_round,
            "clipping_norm": f"{self.clipping_norm:f}",
            "expected_batch_size": self.expected_batch_size,
        }


def _matched(form: re.Pattern[str], terms: Mapping[str, object], field: str, what: str) -> re.Match[str]:
    value = terms.get(field)
    match = form.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise UsageError(f"the privacy terms' {field} must be {what} as text")
    return match


def _integer(terms: Mapping[str, object], field: str) -> int:
    value = terms.get(field)
    if isinstance(value, str) and value.isdecimal() and len(value) < 16:  # noqa: PLR2004 - exact as a double
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise UsageError(f"the privacy terms' {field} must be an integer")
    return value
