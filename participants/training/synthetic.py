"""Made-up records within a plan's published ranges: what plans are checked on before they see real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from participants.data.records import Records

if TYPE_CHECKING:
    from participants.plans.inputs import Inputs


def synthetic_records(inputs: Inputs, count: int, *, seed: int = 0) -> Records:
    """Return `count` records with features uniform in their ranges, and all classes as far as `count` reaches.

    Where the plan allows missing values, about one cell in ten is missing.
    """
    random = np.random.default_rng(seed)
    low, high = np.asarray(inputs.low), np.asarray(inputs.high)
    features = random.uniform(low, high, size=(count, len(low)))
    if inputs.missing:
        features[random.random(features.shape) < 0.1] = np.nan  # noqa: PLR2004
    return Records(features=features, targets=np.arange(count, dtype=np.int64) % len(inputs.classes))
