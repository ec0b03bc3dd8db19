"""Answers as files, piece by piece: CSV that no spreadsheet takes for formulas, and JSON Lines."""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from quorate.cli.rows import csv_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_BATCH: Final = 500


def csv_parts(rows: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[str]:
    """Yield a CSV file with a line of names; its cells as `quorate.cli.rows.csv_of` makes them harmless."""
    yield csv_of([], names=columns)
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield csv_of(batch, names=columns).partition("\r\n")[2]


def json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield one JSON object a line, exactly as it is."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"
