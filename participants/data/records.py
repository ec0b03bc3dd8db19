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
    """What privacy protects: the presence or absence of one record, or of one group's records together."""

    RECORD = "record"
    GROUP = "group"


@dataclass(frozen=True, kw_only=True)
class Records:
    """The features of every record before the plan prepares them, and its class.

    Attributes
    ----------
    features
        Float64, one row per record and one column per column of the plan; NaN only where the plan allows it.
    targets
        Int64, the number of each record's class.
    groups
        Int64 from 0 without gaps, the group of each record, for example its patient; None where no groups are named.
    """

    features: NDArray[np.float64]
    targets: NDArray[np.int64]
    groups: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.targets)

    def take(self, rows: NDArray[np.int64]) -> Records:
        """Return the records at `rows`, in that order."""
        return Records(
            features=self.features[rows],
            targets=self.targets[rows],
            groups=None
            if self.groups is None
            else np.unique(self.groups[rows], return_inverse=True)[1].astype(np.int64),
        )


def records_of(table: Table, inputs: Inputs, *, group: str | None = None) -> Records:
    """Return a table's records for a plan, in the table's order. Columns that the plan does not name are left out.

    Parameters
    ----------
    table
        The records.
    inputs
        The plan's columns.
    group
        The column whose equal cells make records one group.

    Raises
    ------
    DataError
        When a column is missing, a feature is text or not finite, or a class is unknown; the message names the column
        and the record, never the value.
    """
    features = np.stack([_feature(table.column(name), name, inputs) for name in inputs.columns], axis=1)
    return Records(
        features=features,
        targets=_targets(table.column(inputs.target), inputs),
        groups=None if group is None else _groups(table.column(group), group),
    )


def require_records(records: Records) -> Records:
    """Return `records` when there are any; for whoever may say so, which training with privacy may not.

    Raises
    ------
    DataError
        When there are none.
    """
    if not len(records):
        raise DataError("there are no records")
    return records


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
        return np.empty(0, dtype=np.int64)
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


def _groups(column: Column, name: str) -> NDArray[np.int64]:
    missing = np.isnan(column.astype(np.float64)) if column.dtype.kind == "f" else column.astype(np.str_) == ""
    if missing.any():
        raise BadValueError(f"the column {name!r} does not name the group of record {_first(missing)}")
    return np.unique(column, return_inverse=True)[1].astype(np.int64)


def _label(value: float) -> str:
    return str(int(value)) if np.isfinite(value) and value == int(value) else str(value)


def _first(where: NDArray[np.bool_]) -> int:
    return int(np.flatnonzero(where)[0]) + 1
