"""A public evaluation set as one content-addressed artefact, equal bytes for equal records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from participants.data.csvfile import read_bytes
from participants.data.errors import DataError
from participants.data.records import Records
from quorate.digest import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from participants.plans.inputs import Inputs
    from quorate.digest import Digest


def encode_evaluation(records: Records) -> bytes:
    """Return the safetensors file of a public evaluation set."""
    return save({"features": np.ascontiguousarray(records.features), "targets": np.ascontiguousarray(records.targets)})


def read_evaluation(path: Path, inputs: Inputs) -> tuple[Records, Digest]:
    """Return the records in the file at `path`, and the digest that a study's terms name it by; errors as `read_bytes`.

    Raises
    ------
    DataError
        As `decode_evaluation` does.
    """
    data = read_bytes(path)
    return decode_evaluation(data, inputs), digest_of(data)


def decode_evaluation(data: bytes, inputs: Inputs) -> Records:
    """Return the records in such a file, checked against a plan's inputs.

    Raises
    ------
    DataError
        When the bytes are no such file, or do not fit the plan.
    """
    try:
        arrays = load(data)
        features, targets = arrays["features"], arrays["targets"]
    except (SafetensorError, KeyError) as error:
        raise DataError("the evaluation set is not a safetensors file of features and targets") from error
    shape = (len(targets), len(inputs.columns))
    if features.dtype != np.float64 or targets.dtype != np.int64 or features.shape != shape or len(targets) == 0:
        raise DataError("the evaluation set does not have one float64 row of the plan's columns for each int64 class")
    if not ((targets >= 0) & (targets < len(inputs.classes))).all():
        raise DataError("the evaluation set has a class that the plan does not know")
    if not (np.isfinite(features) | (np.isnan(features) & inputs.missing)).all():
        raise DataError("the evaluation set has a value that is missing or not finite")
    return Records(features=features, targets=targets)
