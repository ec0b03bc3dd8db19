from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from participants.training.terms import PrivacyTerms
from quorate.errors import UsageError

TERMS = {
    "noise_multiplier": "1.1",
    "sample_rate": "1/32",
    "steps_per_round": 320,
    "clipping_norm": "0.5",
    "expected_batch_size": 28,
}


def test_terms_are_exact():
    terms = PrivacyTerms.parse(TERMS | {"mechanism": "dp-sgd", "delta": "1e-5"})
    assert (terms.noise_multiplier, terms.sample_rate) == (Decimal("1.1"), Fraction(1, 32))
    assert terms.to_json() == TERMS
    assert PrivacyTerms.parse(terms.to_json()) == terms


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("noise_multiplier", "0.29"),
        ("noise_multiplier", 1.1),
        ("noise_multiplier", "1e3"),
        ("noise_multiplier", "-1"),
        ("noise_multiplier", "nan"),
        ("sample_rate", "0.25"),
        ("sample_rate", "5/4"),
        ("sample_rate", "1/0"),
        ("steps_per_round", 0),
        ("steps_per_round", True),
        ("steps_per_round", 2.0),
        ("clipping_norm", "0"),
        ("expected_batch_size", 0),
        ("expected_batch_size", None),
    ],
)
def test_other_terms_are_refused(field, value):
    with pytest.raises(UsageError):
        PrivacyTerms.parse(TERMS | {field: value})


@pytest.mark.parametrize("field", TERMS)
def test_no_field_may_be_missing(field):
    with pytest.raises(UsageError, match=field):
        PrivacyTerms.parse({name: value for name, value in TERMS.items() if name != field})
