"""A table in memory: named columns of numbers (missing ones NaN) or of text, all of one length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from participants.data.errors import WrongColumnsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Column: TypeAlias = "NDArray[np.float64] | NDArray[np.str_]"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Columns by name; row `i` of every column belongs to record `i`.

    Raises
    ------
    WrongColumnsError
        When a name appears twice or the columns differ in length.
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise WrongColumnsError(f"the column {twice!r} appears twice")
        if len(self.names) != len(self.columns) or len({len(column) for column in self.columns}) > 1:
            raise WrongColumnsError("the columns do not have one name and one length each")

    @property
    def rows(self) -> int:
        """How many records there are."""
        return len(self.columns[0]) if self.columns else 0

    def column(self, name: str) -> Column:
        """Return one column.

        Raises
        ------
        WrongColumnsError
            When there is none of that name.
        """
        if name not in self.names:
            known = ", ".join(self.names[:20])
            raise WrongColumnsError(f"there is no column {name!r}", hint=f"The data have: {known}.")
        return self.columns[self.names.index(name)]

    def take(self, rows: NDArray[np.int64]) -> Table:
        """Return the table of the given rows, in the given order."""
        return Table(names=self.names, columns=tuple(column[rows] for column in self.columns))


def concatenate(tables: Sequence[Table]) -> Table:
    """Return the rows of all tables, one table after the other; all must have the same columns.

    Raises
    ------
    WrongColumnsError
        When the names or their order differ.
    """
    names = tables[0].names
    if any(table.names != names for table in tables):
        raise WrongColumnsError("tables with different columns cannot be joined")
    columns: list[Any] = [np.concatenate([table.columns[i] for table in tables]) for i in range(len(names))]
    return Table(names=names, columns=tuple(columns))
