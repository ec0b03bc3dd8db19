"""How the audit trail's rows are printed: as tables, JSON, JSON Lines, or CSV that no spreadsheet can be misled by."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

import click

from quorate.cli.output import Column, Format, print_document, print_rows
from quorate.cli.terminal import messages, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_YEAR_10000: Final = 253_402_300_800_000
_STRIPPED: Final = " \n\v\f\u00a0\ufeff"
"""White space that programs strip before they look for a formula; a tab begins one itself."""


class RowFormat(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


def row_format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--format table|json|jsonl|csv``, passed to it as ``format_: RowFormat``."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(RowFormat, case_sensitive=False),
        default=RowFormat.TABLE,
        show_default=True,
        help="How to print the answer.",
    )(command)


def print_answer(
    head: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], *, columns: Sequence[Column], format_: RowFormat
) -> None:
    """Print an answer: its rows on standard output, and what must be known to read them on standard error."""
    match format_:
        case RowFormat.TABLE:
            print_rows([for_people(row) for row in rows], columns=columns, format_=Format.TABLE)
        case RowFormat.JSON:
            print_document({**head, "rows": list(rows)}, format_=Format.JSON)
        case RowFormat.JSONL:
            print_rows(rows, columns=columns, format_=Format.JSONL)
        case RowFormat.CSV:
            click.echo(csv_of(rows, names=tuple(rows[0]) if rows else [column.key for column in columns]), nl=False)
    if format_ is not RowFormat.JSON:
        for note in head.get("notes") or ():
            messages().print(printable(note), style="dim", markup=False, soft_wrap=True)


def csv_of(rows: Iterable[Mapping[str, Any]], *, names: Sequence[str]) -> str:
    """Return rows as CSV (RFC 4180) with a line of names.

    A cell that a spreadsheet would take for a formula, one that begins with ``=``, ``+``, ``-``, ``@`` or a tab or line
    break, gets an apostrophe before it.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return out.getvalue()


def _cell(value: object) -> str:
    match value:
        case None:
            text = ""
        case bool():
            text = "yes" if value else "no"
        case list() | tuple():
            text = "; ".join(str(item) for item in value)
        case dict():
            text = "; ".join(f"{name}={item}" for name, item in value.items())
        case _:
            text = str(value)
    return f"'{text}" if isinstance(value, str | list | tuple | dict) and _is_formula(text) else text


def _is_formula(text: str) -> bool:
    return text.lstrip(_STRIPPED).startswith(_FORMULA)


def for_people(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its times in UTC."""
    return {name: _moment(value) if name.endswith("time") else value for name, value in row.items()}


def _moment(value: object) -> object:
    """Return Unix milliseconds as UTC, anything else as it is."""
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < _YEAR_10000:
        return value
    return f"{datetime.fromtimestamp(value / 1000, UTC):%Y-%m-%d %H:%M:%S}"
