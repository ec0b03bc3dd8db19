"""Records as a plan gets them: numbers by column, and the number of the class."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from participants.data.errors import BadValueError, DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from participants.data.table import Column, Table
    from participants.plans.inputs import Inputs


class Unit(StrEnum):
    """What one step of privacy protects: the presence or absence of one of these."""

    RECORD = "record"


@dataclass(frozen=True, kw_only=True)
class Records:
    """The features of every record before the plan prepares them, and its class.

    Attributes
    ----------
    features
        Float64, one row per record and one column per column of the plan; NaN only where the plan allows it.
    targets
        Int64, the number of each record's class.
    """

    features: NDArray[np.float64]
    targets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: NDArray[np.int64]) -> Records:
        """Return the records at `rows`, in that order."""
        return Records(features=self.features[rows], targets=self.targets[rows])


def records_of(table: Table, inputs: Inputs) -> Records:
    """Return a table's records for a plan, in the table's order. Columns that the plan does not name are left out.

    Raises
    ------
    DataError
        When a column is missing, a feature is text or not finite, or a class is unknown; the message names the column
        and the record, never the value.
    """
    features = np.stack([_feature(table.column(name), name, inputs) for name in inputs.columns], axis=1)
    return Records(features=features, targets=_targets(table.column(inputs.target), inputs))


def concatenate_records(parts: list[Records]) -> Records:
    """Return all records, one part after the other."""
    return Records(
        features=np.concatenate([part.features for part in parts]),
        targets=np.concatenate([part.targets for part in parts]),
    )


def _feature(column: Column, name: str, inputs: Inputs) -> NDArray[np.float64]:
    if column.dtype.kind != "f":
        raise BadValueError(f"the column {name!r} holds text", hint="Write categories as numbers, one column each.")
    values = column.astype(np.float64)
    bad = np.isinf(values) if inputs.missing else ~np.isfinite(values)
    if bad.any():
        raise BadValueError(f"the column {name!r} has a value that is missing or not finite in record {_first(bad)}")
    return values


def _targets(column: Column, inputs: Inputs) -> NDArray[np.int64]:
    if len(column) == 0:
        raise DataError("there are no records")
    labels = column.astype(np.str_) if column.dtype.kind != "f" else np.array([_label(x) for x in column.astype(float)])
    targets = np.full(len(column), -1, dtype=np.int64)
    for number, name in enumerate(inputs.classes):
        targets[labels == name] = number
    if (targets < 0).any():
        raise BadValueError(
            f"the column {inputs.target!r} has an unknown class in record {_first(targets < 0)}",
            hint=f"The plan knows: {', '.join(inputs.classes[:20])}.",
        )
    return targets


def _label(value: float) -> str:
    return str(int(value)) if np.isfinite(value) and value == int(value) else str(value)


def _first(where: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero(where)[0]) + 1
