"""How commands print what they found: one option, three formats, data on standard output only."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

import click

from quorate.cli.terminal import printable


class Format(StrEnum):
    """How a reading command prints its answer."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a table: the key in each row, and what people read above it."""

    key: str
    title: str
    justify: Literal["left", "right"] = "left"


def format_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command ``--format table|json|jsonl``, passed to it as ``format_: Format``."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(Format, case_sensitive=False),
        default=Format.TABLE,
        show_default=True,
        help="How to print the answer.",
    )(command)


def print_rows(rows: Iterable[Mapping[str, object]], *, columns: Sequence[Column], format_: Format) -> None:
    """Print records of one kind: a table with `columns`, a JSON array, or one JSON object a line.

    Tables show the named columns only; the JSON formats print every key of every row. Rows of ``jsonl`` are written as
    they come, so an iterator may be endless there.
    """
    match format_:
        case Format.TABLE:
            _print_table(columns, rows)
        case Format.JSON:
            _write(json.dumps(list(rows), indent=2, ensure_ascii=False))
        case Format.JSONL:
            for row in rows:
                _write(json.dumps(row, ensure_ascii=False, separators=(",", ":")))


def print_document(document: Mapping[str, object], *, format_: Format) -> None:
    """Print one record: a table of two columns, an indented JSON object, or the object on one line."""
    match format_:
        case Format.TABLE:
            columns = (Column(key="name", title=""), Column(key="value", title=""))
            rows = [
                {"name": name.replace("_", " "), "value": value} for name, value in document.items() if name != "schema"
            ]
            _print_table(columns, rows)
        case Format.JSON:
            _write(json.dumps(document, indent=2, ensure_ascii=False))
        case Format.JSONL:
            _write(json.dumps(document, ensure_ascii=False, separators=(",", ":")))


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case str():
            return printable(value)
        case list() | tuple():
            return ", ".join(_cell(item) for item in value) or "-"
        case dict():
            return ", ".join(f"{printable(str(name))}={_cell(item)}" for name, item in value.items())
        case _:
            return printable(str(value))


def _print_table(columns: Sequence[Column], rows: Iterable[Mapping[str, object]]) -> None:
    from quorate.cli.tables import print_table  # noqa: PLC0415 - `--help` must not pay for it

    print_table(columns, [[_cell(row.get(column.key)) for column in columns] for row in rows])


def _write(text: str) -> None:
    # JSON's own escapes say what a terminal would act on, or what cannot be encoded; the value is the same.
    if not text.isprintable():
        text = "".join(each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text)
    click.echo(text)
