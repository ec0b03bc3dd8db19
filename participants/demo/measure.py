"""Figures of a run, taken from outside: from the ledger's own records and the kernel. No trainer reports anything."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quorate.records.round import RoundView


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTimes:
    """Where the time of a final round went, in seconds, by the times that submitters claimed.

    Attributes
    ----------
    total
        From opening to finalizing.
    training
        From the last reservation (or the opening, without one) to the last commit.
    """

    round: int
    total: float
    training: float

    @property
    def ledger(self) -> float:
        """Everything that is not training: reserving, storing, committing, sealing, exchanging, attesting."""
        return self.total - self.training


def times_of(view: RoundView) -> RoundTimes | None:
    """Return the times of a round, or None when it is not final or nobody committed."""
    current = view.round
    if current.finalized is None or not view.commits:
        return None
    opened = current.opened.claimed_time
    began = max((charge.reserved.claimed_time for charge in view.reservations), default=opened)
    trained = max(commit.committed.claimed_time for commit in view.commits)
    return RoundTimes(
        round=current.round,
        total=(current.finalized.claimed_time - opened) / 1000,
        training=max(trained - began, 0) / 1000,
    )


def first_training(view: RoundView) -> int:
    """Return when the first member of a first round began, in Unix milliseconds."""
    return min((charge.reserved.claimed_time for charge in view.reservations), default=view.round.opened.claimed_time)


def proportional_set_size(pids: Iterable[int]) -> int:
    """Return the memory of processes in bytes, pages that they share counted once among them (Linux, PSS).

    A process that has ended meanwhile counts nothing.
    """
    return sum(map(_pss, pids))


def descendants(pid: int) -> set[int]:
    """Return a process and everything below it."""
    found, waiting = {pid}, [pid]
    while waiting:
        for task in Path(f"/proc/{waiting.pop()}/task").glob("*/children"):
            below = {int(child) for child in _text(task).split()} - found
            found |= below
            waiting += below
    return found


def _pss(pid: int) -> int:
    for line in _text(Path(f"/proc/{pid}/smaps_rollup")).splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return ""
