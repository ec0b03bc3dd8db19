from __future__ import annotations

import hashlib

import numpy as np
import pytest

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

from participants.plans.approved import AuthorsOwn  # noqa: E402
from participants.plans.errors import PlanRefusedError  # noqa: E402
from participants.plans.loader import load_plan  # noqa: E402
from participants.plans.shipped.catalogue import shipped  # noqa: E402
from participants.training.evaluate import evaluate  # noqa: E402
from participants.training.initial import initial_weights, require_weights, schema, set_weights  # noqa: E402
from participants.training.synthetic import synthetic_records  # noqa: E402


def plan(name):
    return load_plan(shipped(name).encode(), approval=AuthorsOwn())


def test_logistic_regression_starts_at_zero():
    assert all(not array.any() for array in initial_weights(plan("breast-cancer")).values())


def test_drawn_weights_have_the_same_bytes_on_every_machine():
    weights = initial_weights(plan("digits"))
    digest = hashlib.sha256(b"".join(weights[name].tobytes() for name in weights)).hexdigest()
    assert digest == "0416335da81a24c043818ad01a5e838731baaa4971fce5eddf9be0989a24f4d6"


def test_drawn_weights_are_spread_as_torch_does():
    weights = initial_weights(plan("digits"))
    bound = 1 / np.sqrt(16 * 9)
    convolution = weights["network.4.weight"]
    assert 0.97 * bound < np.abs(convolution).max() <= bound
    assert abs(convolution.mean()) < bound / 20
    assert (weights["network.1.weight"] == 1).all()
    assert not weights["network.4.bias"].any()


def test_the_schema_is_in_the_modules_order():
    assert schema(plan("breast-cancer").module()) == (("network.weight", (1, 20)), ("network.bias", (1,)))


@pytest.mark.parametrize(
    "change",
    [
        {"network.bias": np.zeros(1, np.float64)},
        {"network.bias": np.zeros(2, np.float32)},
        {"network.bias": np.array([np.nan], np.float32)},
        {"other": np.zeros(1, np.float32)},
    ],
)
def test_other_weights_are_refused(change):
    weights = initial_weights(plan("breast-cancer")) | change
    with pytest.raises(PlanRefusedError):
        set_weights(plan("breast-cancer").module(), weights)
    with pytest.raises(PlanRefusedError):
        require_weights({}, {"network.bias": (1,)})


def test_evaluation_counts_the_highest_scores():
    logistic = plan("breast-cancer")
    records = synthetic_records(logistic.inputs, 10)
    weights = {"network.weight": np.zeros((1, 20), np.float32), "network.bias": np.ones(1, np.float32)}
    found = evaluate(logistic, weights, records)
    assert (found.correct, found.records, found.accuracy) == (5, 10, 0.5)
