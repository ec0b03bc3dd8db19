"""Collects what the steps find."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from quorate.errors import QuorateError, StorageError
from quorate.verify.errors import Fault
from quorate.verify.report import Failure, NotChecked, Report, Step, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.verify.checkpoint import Checkpoint

_MOST: Final = 200
"""So many failures tell enough; what finds more ends."""


class Findings:
    """The lists of a report while they grow.

    Parameters
    ----------
    first_only
        Whether the first failure ends everything.
    """

    def __init__(self, *, first_only: bool = False) -> None:
        self._verified: list[Verified] = []
        self._failed: list[Failure] = []
        self._not_checked: list[NotChecked] = []
        self._most = 0 if first_only else _MOST
        self.checkpoint: Checkpoint | None = None
        """What to remember, should nothing fail."""

    def verified(self, step: Step, message: str) -> None:
        """Note what was found to be so, unless something of the step was found not to be."""
        if not self.has_failed(step):
            self._verified.append(Verified(step, message))

    def not_checked(self, step: Step, message: str, *, why: str) -> None:
        """Note what nobody may conclude."""
        self._not_checked.append(NotChecked(step, message, why))

    def failed(self, fault: Fault) -> None:
        """Note what was found not to be so, and go on with what does not rest on it.

        Raises
        ------
        Fault
            When nothing more is wanted.
        """
        if len(self._failed) >= self._most:
            raise fault
        self._failed.append(Failure(fault.step, fault.place, fault.message))

    def end(self, fault: Fault) -> None:
        """Note what was found not to be so; verification ends there, since all that follows would rest on it."""
        self._failed.append(Failure(fault.step, fault.place, fault.message))
        self.not_checked(fault.step, "anything after this failure", why="every step rests on the ones before it")

    def has_failed(self, *steps: Step) -> bool:
        """Tell whether anything of these steps has failed, of any step when none is named."""
        return any(found.step in steps or not steps for found in self._failed)

    @contextmanager
    def catching(self, step: Step, place: str) -> Iterator[None]:
        """Give every error of ours inside the block its step and its place, note it, and go on behind the block."""
        try:
            with at(step, place):
                yield
        except Fault as fault:
            self.failed(fault)

    def report(self) -> Report:
        """Return the report of all that was found."""
        order = list(Step)
        return Report(
            verified=tuple(sorted(self._verified, key=lambda found: order.index(found.step))),
            failed=tuple(sorted(self._failed, key=lambda found: order.index(found.step))),
            not_checked=tuple(sorted(self._not_checked, key=lambda found: order.index(found.step))),
            checkpoint=None if self._failed else self.checkpoint,
        )


@contextmanager
def at(step: Step, place: str) -> Iterator[None]:
    """Give every error of ours inside the block its step and its place."""
    try:
        yield
    except (Fault, StorageError):
        raise
    except QuorateError as error:
        raise Fault(step, place, error.message, cause=error) from error
