"""Requests and records for tests of training, which run on every accelerator here. Importing this imports no torch."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from participants.data.bindings import CsvBinding
from participants.data.records import Records
from participants.training.hardware import Hardware
from participants.training.isolation import NVIDIA
from participants.training.request import TrainingRequest
from participants.training.secrets import ReleaseContext
from participants.training.terms import PrivacyTerms
from quorate.digest import digest_of

TERMS = PrivacyTerms(
    noise_multiplier=Decimal(1),
    sample_rate=Fraction(1, 2),
    steps_per_round=5,
    clipping_norm=Decimal("0.5"),
    expected_batch_size=10,
)
CONTEXT = ReleaseContext(study="s", round=1, base=digest_of(b""), msp="Alder", dataset="d")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "accelerator" in metafunc.fixturenames:
        metafunc.parametrize("accelerator", ["cpu", "gpu"] if NVIDIA.exists() else ["cpu"])


@pytest.fixture
def terms() -> PrivacyTerms:
    return TERMS


@pytest.fixture
def records() -> Records:
    random = np.random.default_rng(0)
    features = random.uniform(-1, 1, (40, 2))
    return Records(features=features, targets=(features[:, 0] > 0).astype(np.int64))


@pytest.fixture
def request_of(accelerator: str) -> Any:
    """Return a function from a document to a request for a round from given weights."""

    def build(document: Any, base: Any, **changes: Any) -> TrainingRequest:
        fields = {
            "plan": document.encode(),
            "data": CsvBinding(path=Path("unused.csv")),
            "base": base,
            "privacy": TERMS,
            "secret": bytes(range(32)),
            "context": CONTEXT,
            "hardware": Hardware(accelerator=accelerator),
        }
        return TrainingRequest(**fields | changes)

    return build
