"""Read a CSV file into a table: UTF-8, a header, the same number of cells in every line."""

from __future__ import annotations

import csv
import os
from typing import TYPE_CHECKING, Final

import numpy as np

from participants.data.errors import BadValueError, DataNotFoundError, DataTooLargeError, WrongColumnsError
from participants.data.table import Column, Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

FILE_LIMIT: Final = 1 << 30
"""The most bytes that a data file may have; it is read into memory."""


def read_csv(path: Path, *, missing: frozenset[str], header: Sequence[str] | None = None) -> Table:
    """Return the table in the file at `path`.

    Parameters
    ----------
    path
        A UTF-8 file of at most `FILE_LIMIT` bytes, with or without a newline at its end.
    missing
        Cells that stand for a missing value, for example ``?``.
    header
        The columns' names when the file's first line holds a record already.

    A table without records is a table: under differential privacy nothing may show that there are none.

    Raises
    ------
    DataError
        When the file cannot be read, has no header, or a line has another number of cells; the message names the line.
    """
    text = read_text(path)
    lines = csv.reader(text.splitlines(), strict=True)
    try:
        names = tuple(header) if header is not None else tuple(cell.strip() for cell in next(lines, ()))
        cells = _cells(lines, width=len(names), path=path)
    except csv.Error as error:
        raise WrongColumnsError(f"{path.name}, line {lines.line_num}: the quotation marks do not match") from error
    if not names:
        raise WrongColumnsError(f"{path.name} holds no columns")
    columns = [[row[i] for row in cells] for i in range(len(names))]
    return Table(names=names, columns=tuple(_column(column, missing) for column in columns))


def read_text(path: Path) -> str:
    """Return the text of a file of at most `FILE_LIMIT` bytes.

    Raises
    ------
    DataNotFoundError, DataTooLargeError, BadValueError
        When it cannot be read, is too large, or is not UTF-8.
    """
    try:
        text = read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadValueError(f"{path.name} is not UTF-8 at byte {error.start}") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_bytes(path: Path) -> bytes:
    """Return what a file of at most `FILE_LIMIT` bytes holds; errors as `read_text`, but for the encoding."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1) if os.fstat(file.fileno()).st_size <= FILE_LIMIT else None
    except OSError as error:
        raise DataNotFoundError(f"{path} cannot be read: {error.strerror}") from error
    if data is None or len(data) > FILE_LIMIT:
        raise DataTooLargeError(f"{path.name} has more than {FILE_LIMIT} bytes")
    return data


def _cells(lines: Iterable[list[str]], *, width: int, path: Path) -> list[list[str]]:
    rows = []
    for number, row in enumerate(lines, start=1):
        if not row:
            continue
        if len(row) != width:
            raise WrongColumnsError(
                f"{path.name}, record {number}: {len(row)} cells where {width} columns are expected"
            )
        rows.append([cell.strip() for cell in row])
    return rows


def _column(cells: list[str], missing: frozenset[str]) -> Column:
    try:
        return np.array([np.nan if cell in missing else _number(cell) for cell in cells], dtype=np.float64)
    except ValueError:
        return np.array(["" if cell in missing else cell for cell in cells], dtype=np.str_)


def _number(cell: str) -> float:
    value = float(cell)
    if not np.isfinite(value):
        raise BadValueError(
            "a cell spells out a number that is not finite", hint="Declare how missing values are written."
        )
    return value
