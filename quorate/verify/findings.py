"""Collects what the steps find."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from quorate.errors import QuorateError, StorageError
from quorate.verify.errors import Fault
from quorate.verify.report import Failure, NotChecked, Report, Step, Verified

if TYPE_CHECKING:
    from collections.abc import Iterator


class Findings:
    """The lists of a report while they grow."""

    def __init__(self) -> None:
        self._verified: list[Verified] = []
        self._failed: list[Failure] = []
        self._not_checked: list[NotChecked] = []

    def verified(self, step: Step, message: str) -> None:
        """Note what was found to be so."""
        self._verified.append(Verified(step, message))

    def not_checked(self, step: Step, message: str, *, why: str) -> None:
        """Note what nobody may conclude."""
        self._not_checked.append(NotChecked(step, message, why))

    def failed(self, fault: Fault) -> None:
        """Note what was found not to be so; verification ends there, since all that follows would rest on it."""
        self._failed.append(Failure(fault.step, fault.place, fault.message))
        self.not_checked(fault.step, "anything after this failure", why="every step rests on the ones before it")

    def report(self) -> Report:
        """Return the report of all that was found."""
        order = list(Step)
        return Report(
            verified=tuple(self._verified),
            failed=tuple(self._failed),
            not_checked=tuple(sorted(self._not_checked, key=lambda found: order.index(found.step))),
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
