from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate import fixedpoint
from quorate.errors import UsageError
from tests.vectors import slow
from tests.vectors.load import load

VECTORS = load("arithmetic.json")
LARGEST_MODEL = fixedpoint.MODEL_LIMIT - 1
LARGEST_TOTAL = fixedpoint.TOTAL_LIMIT - 1

floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
model_values = st.integers(-LARGEST_MODEL, LARGEST_MODEL)
totals = st.integers(-LARGEST_TOTAL, LARGEST_TOTAL)
scales = st.integers(1, fixedpoint.MAX_SCALE_BITS)
bounds = st.integers(1, fixedpoint.MAX_BOUND)


def weights_of(literals):
    return np.array([float.fromhex(literal) for literal in literals], np.float32)


def integers_of(literals):
    return np.array([int(literal) for literal in literals], np.int64)


@pytest.mark.parametrize("case", VECTORS["quantise"], ids=lambda case: case["name"])
def test_pinned_updates(case):
    update = fixedpoint.quantise(
        weights_of(case["local"]), integers_of(case["base"]), scale_bits=case["scale_bits"], bound=case["bound"]
    )
    assert update.dtype == np.int32
    assert update.tolist() == case["update"]


@pytest.mark.parametrize("case", VECTORS["to_float32"], ids=lambda case: case["scale_bits"])
def test_pinned_views(case):
    weights = fixedpoint.to_float32(integers_of(case["model"]), scale_bits=case["scale_bits"])
    assert weights.dtype == np.float32
    assert [float(weight).hex() for weight in weights] == case["weights"]


@pytest.mark.parametrize("case", VECTORS["from_float32"], ids=lambda case: case["scale_bits"])
def test_pinned_initial_models(case):
    model = fixedpoint.from_float32(weights_of(case["weights"]), scale_bits=case["scale_bits"])
    assert model.dtype == np.int64
    assert model.tolist() == integers_of(case["model"]).tolist()


@pytest.mark.parametrize("case", VECTORS["divide_half_even"], ids=lambda case: case["divisor"])
def test_pinned_divisions(case):
    quotient = fixedpoint.divide_half_even(integers_of(case["total"]), int(case["divisor"]))
    assert quotient.dtype == np.int64
    assert quotient.tolist() == integers_of(case["quotient"]).tolist()


@given(st.lists(totals, min_size=1), st.integers(1, LARGEST_TOTAL) | st.integers(1, 100))
def test_division_rounds_half_to_even_as_fractions_do(values, divisor):
    quotient = fixedpoint.divide_half_even(np.array(values, np.int64), divisor)
    assert quotient.tolist() == [slow.half_even(Fraction(value, divisor)) for value in values]


@given(st.integers(-(2**60), 2**60), st.integers(1, 2**20))
def test_exact_halves_go_to_the_even_neighbour(whole, half):
    total = np.array([(2 * whole + 1) * half], np.int64) if abs(whole) < 2**40 else np.array([half], np.int64)
    (quotient,) = fixedpoint.divide_half_even(total, 2 * half).tolist()
    assert quotient % 2 == 0
    assert abs(Fraction(int(total[0]), 2 * half) - quotient) == Fraction(1, 2)


@given(st.lists(st.tuples(floats, model_values), min_size=1), scales, bounds)
def test_updates_are_those_of_the_slow_arithmetic(pairs, scale_bits, bound):
    local = np.array([weight for weight, _ in pairs], np.float32)
    base = np.array([value for _, value in pairs], np.int64)
    update = fixedpoint.quantise(local, base, scale_bits=scale_bits, bound=bound)
    expected = [slow.quantise(Fraction(float(weight)), value, scale_bits, bound) for weight, value in pairs]
    assert update.tolist() == expected


@given(st.lists(model_values, min_size=1), scales)
def test_an_unchanged_model_has_the_update_zero(values, scale_bits):
    base = np.array(values, np.int64)
    local = fixedpoint.to_float32(base, scale_bits=scale_bits)
    assert not fixedpoint.quantise(local, base, scale_bits=scale_bits, bound=1).any()


@given(st.lists(st.integers(-(2**24), 2**24), min_size=1), st.integers(1, 40))
def test_small_models_pass_through_float32_unchanged(values, scale_bits):
    model = np.array(values, np.int64)
    weights = fixedpoint.to_float32(model, scale_bits=scale_bits)
    assert fixedpoint.from_float32(weights, scale_bits=scale_bits).tolist() == values


def test_blocks_leave_no_seam():
    rng = np.random.default_rng(7)
    shape = (3, fixedpoint._BLOCK + 5)
    base = rng.integers(-(2**30), 2**30, shape)
    local = rng.normal(0, 50, shape).astype(np.float32)
    whole = fixedpoint.quantise(local, base, scale_bits=24, bound=2**30)
    assert whole.shape == shape
    rows = [fixedpoint.quantise(local[:, at], base[:, at], scale_bits=24, bound=2**30) for at in (0, 17, shape[1] - 1)]
    assert [whole[:, at].tolist() for at in (0, 17, shape[1] - 1)] == [row.tolist() for row in rows]
    view = fixedpoint.to_float32(base, scale_bits=24)
    assert (view == (base * 2.0**-24).astype(np.float32)).all()


def test_a_single_number_keeps_its_shape():
    base = np.array(5, np.int64)
    assert fixedpoint.to_float32(base, scale_bits=1).shape == ()
    assert fixedpoint.quantise(np.array(1.0, np.float32), base, scale_bits=1, bound=9).shape == ()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, fixedpoint._BLOCK + 1])
def test_what_is_not_finite_is_refused(bad, place):
    weights = np.zeros(fixedpoint._BLOCK + 2, np.float32)
    weights[place] = bad
    with pytest.raises(UsageError, match="not finite"):
        fixedpoint.quantise(weights, np.zeros(weights.shape, np.int64), scale_bits=24, bound=1)
    with pytest.raises(UsageError, match="not finite"):
        fixedpoint.from_float32(weights, scale_bits=24)


@pytest.mark.parametrize("value", [fixedpoint.MODEL_LIMIT, -fixedpoint.MODEL_LIMIT, 2**63 - 1, -(2**63)])
def test_models_beyond_exact_doubles_are_refused(value):
    model = np.array([0, value], np.int64)
    with pytest.raises(UsageError, match="a model's value is beyond"):
        fixedpoint.to_float32(model, scale_bits=24)
    with pytest.raises(UsageError, match="a model's value is beyond"):
        fixedpoint.quantise(np.zeros(2, np.float32), model, scale_bits=24, bound=1)


@pytest.mark.parametrize("weight", [2.0**28, -(2.0**28), 3e38])
def test_initial_weights_beyond_exact_doubles_are_refused(weight):
    with pytest.raises(UsageError, match="too large"):
        fixedpoint.from_float32(np.array([weight], np.float32), scale_bits=24)


@pytest.mark.parametrize("divisor", [0, -1, fixedpoint.TOTAL_LIMIT])
def test_divisors_out_of_range_are_refused(divisor):
    with pytest.raises(UsageError, match="the divisor"):
        fixedpoint.divide_half_even(np.zeros(1, np.int64), divisor)


@pytest.mark.parametrize("total", [fixedpoint.TOTAL_LIMIT, -fixedpoint.TOTAL_LIMIT, -(2**63)])
def test_totals_out_of_range_are_refused(total):
    with pytest.raises(UsageError, match="a sum is beyond"):
        fixedpoint.divide_half_even(np.array([total], np.int64), 2)


def test_division_leaves_its_argument_alone():
    for divisor in (1, 2):
        total = np.array([7, -7], np.int64)
        quotient = fixedpoint.divide_half_even(total, divisor)
        quotient += 1
        assert total.tolist() == [7, -7]


@pytest.mark.parametrize("scale_bits", [0, -1, 41])
def test_scales_out_of_range_are_refused(scale_bits):
    with pytest.raises(UsageError, match="binary places"):
        fixedpoint.to_float32(np.zeros(1, np.int64), scale_bits=scale_bits)


@pytest.mark.parametrize("bound", [0, -1, 2**31])
def test_bounds_out_of_range_are_refused(bound):
    with pytest.raises(UsageError, match="the bound"):
        fixedpoint.quantise(np.zeros(1, np.float32), np.zeros(1, np.int64), scale_bits=1, bound=bound)


def test_other_types_and_shapes_are_refused():
    with pytest.raises(UsageError, match="float64, expected float32"):
        fixedpoint.from_float32(np.zeros(1), scale_bits=1)
    with pytest.raises(UsageError, match="int32, expected int64"):
        fixedpoint.to_float32(np.zeros(1, np.int32), scale_bits=1)
    with pytest.raises(UsageError, match="shape"):
        fixedpoint.quantise(np.zeros(2, np.float32), np.zeros(1, np.int64), scale_bits=1, bound=1)
