"""How verification fails.

::

    CheckFailedError
    ├── VerificationError   the verifier's answer, with the whole report
    └── Fault               one thing that is not as it must be; only inside this package
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.errors import CheckFailedError

if TYPE_CHECKING:
    from quorate.verify.report import Report, Step


class VerificationError(CheckFailedError):
    """The evidence does not hold.

    Parameters
    ----------
    report
        Everything that was found; its `failed` is not empty.
    """

    meaning = "The evidence contradicts itself, the pinned genesis, or the rules."
    advice = (
        "Ask the exporting organisation for a new bundle, and another member for its own; the report names the place."
    )

    def __init__(self, report: Report) -> None:
        first = report.failed[0]
        more = f" (and {len(report.failed) - 1} more)" if len(report.failed) > 1 else ""
        super().__init__(f"{first.step}: {first.place}: {first.message}{more}")
        self.report = report


class Fault(CheckFailedError):  # noqa: N818 - a finding about the evidence, reported as such
    """One thing that is not as it must be.

    Parameters
    ----------
    step, place
        In which step, and at which file, block or transaction.
    """

    def __init__(self, step: Step, place: str, message: str, *, cause: BaseException | None = None) -> None:
        super().__init__(message, cause=cause)
        self.step = step
        self.place = place
