"""A verification's report on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from quorate.cli.terminal import output, printable
from quorate.verify.present.words import TITLES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from quorate.verify.report import Report

_WIDE = 10_000


def print_report(report: Report, name: str) -> None:
    """Print the three lists, then the result."""
    _print("Verified", ("step", "what"), ((TITLES[f.step], f.message) for f in report.verified))
    _print("Not checked", ("step", "what", "why"), ((TITLES[f.step], f.message, f.why) for f in report.not_checked))
    _print("Failed", ("step", "where", "what"), ((TITLES[f.step], f.place, f.message) for f in report.failed))
    style = "bold red" if report.failed else "bold green"
    output().print(Text(f"{printable(name)}: {report.result}", style=style))


def _print(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    table = Table(*columns, title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(printable(cell), overflow="fold") for cell in row))
    if not table.row_count:
        return
    console = output()
    if not console.is_terminal:
        # Nobody's window limits a pipe or a file: nothing is cut.
        wanted = console.measure(table, options=console.options.update(width=_WIDE)).maximum
        console.width = max(console.width, wanted)
    console.print(table)
