"""What a plan reads: which columns, in which published ranges, and which classes it tells apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from quorate.errors import UsageError

MAX_COLUMNS: Final = 1 << 20
MIN_CLASSES: Final = 2


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The columns of a record that a plan uses, with ranges from publications and never from members' rows.

    Parameters
    ----------
    columns
        Names of the feature columns, in the order in which `Plan.prepare` gets them.
    low, high
        The published range of each column. Values outside are for the plan to clip.
    target
        Name of the column with the class.
    classes
        The classes as text, in the order of their numbers: a number is written without a fraction where it has none.
    missing
        Whether feature cells may be missing; the plan then gets NaN and fills in a constant of its own.
    """

    columns: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    target: str
    classes: tuple[str, ...]
    missing: bool = False

    def __post_init__(self) -> None:
        if not 0 < len(self.columns) <= MAX_COLUMNS:
            raise UsageError(f"a plan reads between 1 and {MAX_COLUMNS} columns, not {len(self.columns)}")
        if not len(self.columns) == len(self.low) == len(self.high):
            raise UsageError("every column of a plan needs its published range: as many of low and high as columns")
        for name, low, high in zip(self.columns, self.low, self.high, strict=True):
            if not low < high:
                raise UsageError(f"the published range of the column {name!r} is empty")
        if len(set(self.columns) | {self.target}) != len(self.columns) + 1:
            raise UsageError("a plan names a column twice, or its target among its features")
        if len(self.classes) < MIN_CLASSES or len(set(self.classes)) != len(self.classes):
            raise UsageError("a plan tells at least two classes apart, each named once")
