"""What the shipped plans make of raw records."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

from participants.data.bindings import BundledBinding, read_table  # noqa: E402
from participants.data.records import records_of  # noqa: E402
from participants.plans.approved import AuthorsOwn  # noqa: E402
from participants.plans.loader import load_plan  # noqa: E402
from participants.plans.shipped.catalogue import shipped  # noqa: E402
from participants.plans.shipped.published import BREAST_CANCER  # noqa: E402
from participants.training.check import check_plan  # noqa: E402


def plan(name, **parameters):
    document = shipped(name)
    changed = replace(document, parameters={**document.parameters, **parameters})
    return load_plan(changed.encode(), approval=AuthorsOwn())


def test_heart_fills_gaps_with_the_middle_and_splits_codes():
    heart = plan("heart")
    patient = dict.fromkeys(heart.inputs.columns, np.nan) | {"age": 50.0, "sex": 1.0, "cp": 4.0, "chol": 0.0}
    (row,) = heart.prepare(np.array([[patient[name] for name in heart.inputs.columns]]))
    assert row.tolist() == [0.0] * 6 + [1.0, 0.0, 0.0] + [0.0, 0.0, 0.0, 1.0] + [0.0] * 9


def test_heart_clips_to_clinical_ranges():
    heart = plan("heart")
    patient = dict.fromkeys(heart.inputs.columns, 0.0) | {"oldpeak": -2.6, "thalach": 500.0, "trestbps": 300.0}
    (row,) = heart.prepare(np.array([[patient[name] for name in heart.inputs.columns]]))
    assert np.abs(row).max() == 1.0
    assert row[:6].tolist() == [-1.0, 1.0, 0.0, 1.0, -1.0, -1.0]  # cholesterol zero is missing


def test_tables_may_fill_constants_for_missing_values():
    columns = [{"name": "a", "low": "0", "high": "4"}, {"name": "b", "low": "0", "high": "4"}]
    strict = plan("breast-cancer", columns=columns, scaling="linear")
    assert not strict.inputs.missing
    filling = plan("breast-cancer", columns=columns, scaling="linear", missing=["1", "3.0"])
    assert filling.inputs.missing
    assert filling.prepare(np.array([[np.nan, np.nan], [0.0, 4.0]])).tolist() == [[-0.5, 0.5], [-1.0, 1.0]]
    check_plan(filling)


def test_images_keep_their_pixels_in_place():
    digits = plan("digits")
    records = records_of(read_table(BundledBinding(name="digits")), digits.inputs)
    images = digits.prepare(records.features[:3])
    assert images.shape == (3, 1, 8, 8)
    assert images[1, 0, 2, 3] == np.float32(records.features[1, 2 * 8 + 3] / 8 - 1)


def test_published_ranges_hold_the_published_data():
    """They were printed with few digits, so a value may stick out by a rounding; none does by more."""
    table = read_table(BundledBinding(name="breast-cancer"))
    assert tuple(name for name, _, _ in BREAST_CANCER) == table.names[:-1]
    for name, low, high in BREAST_CANCER:
        values = table.column(name).astype(float)
        slack = 0.01 * (float(high) - float(low))
        assert float(low) - slack <= values.min() <= values.max() <= float(high) + slack
