"""Scaling by published ranges, for plans to use: every constant comes from the plan, none from records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def to_unit(features: NDArray[np.float64], low: Sequence[float], high: Sequence[float]) -> NDArray[np.float64]:
    """Return each column clipped to its published range and mapped linearly onto -1 … 1. NaN stays NaN."""
    bottom, top = np.asarray(low), np.asarray(high)
    scaled: NDArray[np.float64] = 2 * (np.clip(features, bottom, top) - bottom) / (top - bottom) - 1
    return scaled


def log_to_unit(features: NDArray[np.float64], low: Sequence[float], high: Sequence[float]) -> NDArray[np.float64]:
    """Return log(1 + x) of each column clipped to its published range, mapped linearly onto -1 … 1.

    Ranges must not reach below zero.
    """
    clipped = np.clip(features, np.asarray(low), np.asarray(high))
    return to_unit(np.log1p(clipped), np.log1p(low).tolist(), np.log1p(high).tolist())


def relative_log_to_unit(
    features: NDArray[np.float64], low: Sequence[float], high: Sequence[float]
) -> NDArray[np.float64]:
    """Return `log_to_unit` of each column counted in tenths of its published largest value.

    So columns of very different magnitude are bent alike; log(1 + x) alone hardly bends values far below one.
    """
    unit = np.asarray(high) / 10
    return log_to_unit(features / unit, (np.asarray(low) / unit).tolist(), (np.asarray(high) / unit).tolist())


def filled(features: NDArray[np.float64], constants: Sequence[float]) -> NDArray[np.float64]:
    """Return the features with each column's missing values replaced by that column's constant."""
    return np.where(np.isnan(features), np.asarray(constants), features)
