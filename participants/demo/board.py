"""What people see while rounds happen: a live table on a terminal, plain lines elsewhere. Always standard error."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.live import Live
from rich.table import Table

from participants.demo.measure import times_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.records.round import RoundView


class Board(Protocol):
    """Shows progress."""

    def say(self, text: str) -> None:
        """Show one line that stays."""
        ...

    def show(self, view: RoundView) -> None:
        """Show the present state of a round."""
        ...


@contextmanager
def board() -> Iterator[Board]:
    """Return the board that fits standard error."""
    console = Console(stderr=True, highlight=False)
    if not console.is_terminal:
        yield _Lines()
        return
    shown = _LiveTable()
    with Live(console=console, get_renderable=shown.table, refresh_per_second=8, transient=False) as live:
        shown.live = live
        yield shown


class _Lines:
    """One line for every state that a round reaches."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def say(self, text: str) -> None:
        sys.stderr.write(text + "\n")
        sys.stderr.flush()

    def show(self, view: RoundView) -> None:
        text = "  ".join(cell for cell in _cells(view) if cell)
        if view.round.state != "OPEN" and text not in self._said:
            self._said.add(text)
            self.say(f"round {text}")


class _LiveTable:
    """All rounds, redrawn in place."""

    live: Live

    def __init__(self) -> None:
        self._rounds: dict[int, RoundView] = {}

    def say(self, text: str) -> None:
        self.live.console.print(text, markup=False)

    def show(self, view: RoundView) -> None:
        self._rounds[view.round.round] = view

    def table(self) -> Table:
        made = Table(box=None, pad_edge=False)
        for title in ("round", "state", "charged", "commits", "attested", "seconds", "model"):
            made.add_column(title, justify="right" if title in {"round", "seconds"} else "left")
        for _, view in sorted(self._rounds.items()):
            made.add_row(*_cells(view))
        return made


def _cells(view: RoundView) -> tuple[str, ...]:
    times = times_of(view)
    current = view.round
    attested = {one.msp for one in view.attestations if one.attempt == current.attempt}
    return (
        str(current.round),
        current.state.lower(),
        f"charged {sum(charge.status == 'GRANTED' for charge in view.reservations)}" if view.reservations else "",
        f"commits {len(view.commits)}",
        f"attested {len(attested)}/{len(current.attesters)}" if attested else "",
        f"{times.total:.2f} s" if times else "",
        (current.model or "")[7:19],
    )
