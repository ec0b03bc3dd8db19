"""Models and updates as integers with a common scale of 2^s, and the only two roundings that happen to them.

A model is int64; its float32 weights are a view. An update is int32. Every rounding is half to even, and every
intermediate value is either an exact integer or one correctly rounded IEEE 754 double, so every machine gets the same
bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np

from quorate.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Float32s: TypeAlias = "NDArray[np.float32]"
Int32s: TypeAlias = "NDArray[np.int32]"
Int64s: TypeAlias = "NDArray[np.int64]"
Integers: TypeAlias = "NDArray[np.signedinteger[Any]]"
"""Either of the two, as a file gives them; functions check which."""

MAX_SCALE_BITS: Final = 40
MAX_BOUND: Final = 2**31 - 1
MODEL_LIMIT: Final = 2**52
"""A model's values are smaller than this in magnitude, so that doubles hold them exactly."""
TOTAL_LIMIT: Final = 2**62
"""A weighted sum of updates, and its divisor, are smaller than this in magnitude."""

_BLOCK = 1 << 16  # elements at a time: the temporaries stay in the cache, whatever the size of the tensor


def quantise(local: Float32s, base: Integers, *, scale_bits: int, bound: int) -> Int32s:
    """Return the update saturate(round((local - base) · 2^scale_bits), ±bound).

    The base is what the trainer started from, the float32 view of the integer model: a model that was not changed has
    the update zero, however coarse float32 is at that magnitude.

    Parameters
    ----------
    local
        The weights after training and noise; float32.
    base
        The integer model that training started from; int64, of the same shape.
    scale_bits
        The binary places, 1 to `MAX_SCALE_BITS`.
    bound
        The largest magnitude, 1 to `MAX_BOUND`; larger values become ±`bound` silently, as noise is sometimes large.

    Raises
    ------
    UsageError
        When a weight is not finite, the base is out of range, or the arguments do not fit together.
    """
    _require_scale(scale_bits)
    if not 1 <= bound <= MAX_BOUND:
        raise UsageError(f"the bound {bound} is not between 1 and {MAX_BOUND}")
    _require_type(local, np.float32)
    if local.shape != base.shape:
        raise UsageError(f"the weights have shape {local.shape}, the base {base.shape}")
    start = to_float32(base, scale_bits=scale_bits).reshape(-1)
    end = local.reshape(-1)
    update = np.empty(end.shape, np.int32)
    for block in _blocks(end.size):
        _require_finite(end[block])
        scaled = end[block].astype(np.float64)
        scaled -= start[block]
        scaled *= float(1 << scale_bits)
        np.rint(scaled, out=scaled)
        np.clip(scaled, -bound, bound, out=scaled)
        update[block] = scaled
    return update.reshape(local.shape)


def to_float32(model: Integers, *, scale_bits: int) -> Float32s:
    """Return the float32 view of an integer model: exact in float64, then rounded once, half to even.

    Raises
    ------
    UsageError
        When a value is not below `MODEL_LIMIT` in magnitude, or the array is not int64.
    """
    _require_scale(scale_bits)
    require_model_range(model)
    flat = model.reshape(-1)
    weights = np.empty(flat.shape, np.float32)
    for block in _blocks(flat.size):
        exact = flat[block].astype(np.float64)
        exact *= 2.0**-scale_bits
        weights[block] = exact
    return weights.reshape(model.shape)


def from_float32(weights: Float32s, *, scale_bits: int) -> Int64s:
    """Return the integer model nearest to float32 weights, half to even; for initial models only.

    Raises
    ------
    UsageError
        When a weight is not finite or its integer is not below `MODEL_LIMIT` in magnitude.
    """
    _require_scale(scale_bits)
    _require_type(weights, np.float32)
    flat = weights.reshape(-1)
    model = np.empty(flat.shape, np.int64)
    for block in _blocks(flat.size):
        _require_finite(flat[block])
        scaled = flat[block].astype(np.float64)
        scaled *= float(1 << scale_bits)
        np.rint(scaled, out=scaled)
        if np.abs(scaled).max(initial=0.0) >= MODEL_LIMIT:
            raise UsageError(f"a weight is too large for {scale_bits} binary places")
        model[block] = scaled
    return model.reshape(weights.shape)


def divide_half_even(total: Integers, divisor: int) -> Int64s:
    """Return total / divisor, rounded half to even, in integers only.

    Raises
    ------
    UsageError
        When the divisor is not positive, or it or a total is not below `TOTAL_LIMIT` in magnitude.
    """
    _require_type(total, np.int64)
    if not 0 < divisor < TOTAL_LIMIT:
        raise UsageError(f"the divisor {divisor} is not between 1 and 2^62 - 1")
    require_range(total, TOTAL_LIMIT - 1, what="a sum")
    if divisor == 1:
        return total.copy()
    quotient = np.floor_divide(total, divisor)
    remainder = total - quotient * divisor
    remainder *= 2
    # Up when past the half, or at it and the quotient is odd: the odd bit moves the threshold by one.
    remainder += quotient & 1
    quotient += remainder > divisor
    return quotient


def require_model_range(model: Integers) -> None:
    """Raise `UsageError` unless `model` is int64 and every value is below `MODEL_LIMIT` in magnitude."""
    _require_type(model, np.int64)
    require_range(model, MODEL_LIMIT - 1, what="a model's value")


def require_range(values: Integers, limit: int, *, what: str) -> None:
    """Raise `UsageError`, naming `what`, unless every value is within ±`limit`."""
    if values.size and not -limit <= int(values.min()) <= int(values.max()) <= limit:
        raise UsageError(f"{what} is beyond ±{limit}")


def _blocks(size: int) -> list[slice]:
    return [slice(start, start + _BLOCK) for start in range(0, size, _BLOCK)]


def _require_scale(scale_bits: int) -> None:
    if not 1 <= scale_bits <= MAX_SCALE_BITS:
        raise UsageError(f"the scale of {scale_bits} binary places is not between 1 and {MAX_SCALE_BITS}")


def _require_type(array: NDArray[np.generic], expected: type[np.generic]) -> None:
    if array.dtype != expected:
        raise UsageError(f"the array is {array.dtype}, expected {np.dtype(expected)}")


def _require_finite(block: Float32s) -> None:
    if not np.isfinite(block).all():
        raise UsageError(
            "a weight is not finite",
            hint="Training diverged; lower the learning rate or raise the clipping of the plan. Nothing was sent.",
        )
