"""How far a verification has come, on a terminal that a person watches."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from quorate.cli.terminal import is_live, messages
from quorate.verify.present.words import TITLES
from quorate.verify.progress import no_progress

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.progress import TaskID

    from quorate.verify import Step
    from quorate.verify.progress import Progress as Told


@contextmanager
def showing() -> Iterator[Told]:
    """Give what shows progress on standard error while the block runs; nothing is shown where nobody watches."""
    if not is_live():
        yield no_progress
        return
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    tasks: dict[Step, TaskID] = {}
    with Progress(*columns, console=messages(), transient=True) as bars:

        def tell(step: Step, done: int, of: int, /) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(TITLES[step], total=of)
            bars.update(tasks[step], completed=done, total=of)

        yield tell
