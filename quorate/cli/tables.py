"""Tables for people: as wide as the window lets them be, and never so narrow that numbers and names break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from quorate.cli.terminal import output

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from quorate.cli.output import Column

_WHOLE: Final = 24
"""A word of at most so many cells is never broken; longer ones are digests and ids."""
_NOTHING: Final = ("", "-")
_UNBOUNDED: Final = 1_000_000


def print_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """Print cells under their columns' titles, or without a header when there are no titles.

    On a terminal that is too narrow for the columns each row becomes lines of its own, one for each cell that says
    something. In a pipe or a file nobody's window limits a table: rows stay on one line, and nothing is cut.
    """
    console = output()
    table = _table(columns, rows)
    natural = console.measure(table, options=console.options.update(width=_UNBOUNDED)).maximum
    if not console.is_terminal:
        console.width = max(console.width, natural)
    elif natural > console.width:
        texts = [[column.title, *(row[place] for row in rows)] for place, column in enumerate(columns)]
        widths = _widths(texts, missing=natural - console.width)
        if widths is not None:
            for column, width in zip(table.columns, widths, strict=True):
                column.width = width
        elif table.show_header:
            _print_one_by_one(console, columns, rows)
            return
    console.print(table)


def _table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> Table:
    header = any(column.title for column in columns)
    table = Table(box=SIMPLE_HEAD if header else None, show_header=header, pad_edge=False)
    for column in columns:
        table.add_column(column.title, justify=column.justify, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _widths(columns: Sequence[Sequence[str]], *, missing: int) -> list[int] | None:
    """Return columns' widths in a window that lacks so many cells; None when a word would break that stays whole.

    What is left makes the columns whole that lack little; the others share the rest.
    """
    most = [max(map(cell_len, texts)) for texts in columns]
    least = [min(wide, max(map(_unbroken, texts))) for wide, texts in zip(most, columns, strict=True)]
    spare = sum(most) - sum(least) - missing
    if spare < 0:
        return None
    widths, places = list(least), sorted(range(len(columns)), key=lambda place: most[place] - least[place])
    for done, place in enumerate(places):
        lacking = most[place] - least[place]
        more = min(lacking, spare if lacking <= _WHOLE else spare // (len(places) - done))
        widths[place] += more
        spare -= more
    return widths


def _unbroken(text: str) -> int:
    return max((min(cell_len(word), _WHOLE) for word in text.split()), default=0)


def _print_one_by_one(console: Console, columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    for row in rows:
        lines = Table(box=None, show_header=False, pad_edge=False)
        lines.add_column(min_width=max(cell_len(column.title) for column in columns))
        lines.add_column(overflow="fold")
        for column, cell in zip(columns, row, strict=True):
            if cell not in _NOTHING:
                lines.add_row(Text(column.title, "bold"), Text(cell))
        console.print(lines)
        console.print()
