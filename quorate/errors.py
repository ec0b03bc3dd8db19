"""Every error that Quorate raises on purpose.

One tree; the code is stable and scripts may match on it, the number is the exit code of the command line::

    QuorateError
    ├── CheckFailedError          CHECK_FAILED          1
    ├── IntegrityError            INTEGRITY             1
    ├── UsageError                INVALID_ARGUMENT      2
    ├── UnsupportedVersionError   UNSUPPORTED_VERSION   2
    ├── UnreachableError          UNREACHABLE           3
    │   └── LimitError            LIMIT_REACHED         3
    ├── TimedOutError             TIMED_OUT             3
    ├── StorageError              STORAGE               3
    │   └── NoSpaceError          NO_SPACE              3
    ├── DeniedError               DENIED                4
    ├── StateError                INVALID_STATE         5
    ├── ConflictError             CONFLICT              5
    ├── NotFoundError             NOT_FOUND             5
    ├── AlreadyExistsError        ALREADY_EXISTS        5
    ├── ExpiredError              EXPIRED               5
    ├── BudgetError               BUDGET_EXCEEDED       6
    └── DefectError               DEFECT               70
"""

from __future__ import annotations

from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


class ExitCode(IntEnum):
    """What the process tells its caller; every error code maps to one of these."""

    DONE = 0
    CHECK_FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    DENIED = 4
    STATE = 5
    BUDGET = 6
    DEFECT = 70


class QuorateError(Exception):
    """An error that says what happened, why, and what to do next.

    Parameters
    ----------
    message
        One sentence for people: what happened, with the values that matter.
    hint
        What to do next in this very case; the class's own advice when empty.
    cause
        The error underneath, shown by ``--debug``; the same as ``raise … from cause``.
    """

    code: ClassVar[str] = "DEFECT"
    exit_code: ClassVar[ExitCode] = ExitCode.DEFECT
    meaning: ClassVar[str] = "Quorate itself is at fault."
    advice: ClassVar[str] = "Please report it with the output of the same command under --debug."

    def __init__(self, message: str, *, hint: str = "", cause: BaseException | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or self.advice
        if cause is not None:
            self.__cause__ = cause

    def diagnostics(self) -> str:
        """Return what happened, why, and what to do next, one line each."""
        return f"{self.code}: {self}\n  why:  {self.meaning}\n  next: {self.hint}"


class CheckFailedError(QuorateError):
    """A verification or a health check found something wrong."""

    code = "CHECK_FAILED"
    exit_code = ExitCode.CHECK_FAILED
    meaning = "A check that was asked for did not pass."
    advice = "Read the list of failed steps; each names the place."


class IntegrityError(QuorateError):
    """Bytes are not the bytes that their digest or format promises."""

    code = "INTEGRITY"
    exit_code = ExitCode.CHECK_FAILED
    meaning = "The bytes differ from what their digest, signature or format promises."
    advice = "Fetch them again from another member; do not use what you have."


class UsageError(QuorateError):
    """An argument, document or file does not have the required form."""

    code = "INVALID_ARGUMENT"
    exit_code = ExitCode.USAGE
    meaning = "An argument, document or file does not have the required form."
    advice = "Correct the named value and try again."


class UnsupportedVersionError(QuorateError):
    """A document or program is of a version that this one does not know."""

    code = "UNSUPPORTED_VERSION"
    exit_code = ExitCode.USAGE
    meaning = "The other side speaks a version that this program does not know."
    advice = "Bring Quorate to the same version everywhere."


class UnreachableError(QuorateError):
    """Another process cannot be reached."""

    code = "UNREACHABLE"
    exit_code = ExitCode.UNREACHABLE
    meaning = "No connection could be made, or it broke."
    advice = "Check that the process runs, its address and its certificates (quorate doctor)."


class LimitError(UnreachableError):
    """A gateway's limit on size, rate or number of calls is reached."""

    code = "LIMIT_REACHED"
    meaning = "A gateway bounds the size, the rate and the number of calls of each identity."
    advice = "Make fewer or smaller calls at once, or have the named limit raised."


class TimedOutError(QuorateError):
    """An answer did not come before its deadline."""

    code = "TIMED_OUT"
    exit_code = ExitCode.UNREACHABLE
    meaning = "The deadline passed before an answer came; the step may or may not have happened."
    advice = "Try again: every step of Quorate may be repeated safely."


class StorageError(QuorateError):
    """Local storage cannot be read or written."""

    code = "STORAGE"
    exit_code = ExitCode.UNREACHABLE
    meaning = "The storage could not be read or written."
    advice = "Check the path, its permissions and the disk, then try again."


class NoSpaceError(StorageError):
    """Local storage is full."""

    code = "NO_SPACE"
    meaning = "There is not enough free space; nothing partial was kept."
    advice = "Free some space, then try again."


class DeniedError(QuorateError):
    """A policy, a role or a signature check refused the action."""

    code = "DENIED"
    exit_code = ExitCode.DENIED
    meaning = "No policy permits this, or one forbids it."
    advice = "Ask with `quorate policy check` which policy decided."


class StateError(QuorateError):
    """The study, round or proposal is not in the state that the step needs."""

    code = "INVALID_STATE"
    exit_code = ExitCode.STATE
    meaning = "The step does not fit the present state."
    advice = "Show the present state first; another member may have moved it on."


class ConflictError(QuorateError):
    """The step was done before with other content, or something changed meanwhile."""

    code = "CONFLICT"
    exit_code = ExitCode.STATE
    meaning = "The same step exists with other content, or what it read has changed meanwhile."
    advice = "Show what is recorded; repeat the step only if it still fits."


class NotFoundError(QuorateError):
    """What was named does not exist, or not yet on this peer."""

    code = "NOT_FOUND"
    exit_code = ExitCode.STATE
    meaning = "Nothing of that name exists here, or not yet."
    advice = "Check the name; list what exists."


class AlreadyExistsError(QuorateError):
    """The name, number or content is taken for good."""

    code = "ALREADY_EXISTS"
    exit_code = ExitCode.STATE
    meaning = "Names, numbers and fingerprints are used only once."
    advice = "Choose another name, or show the existing one."


class ExpiredError(QuorateError):
    """The time for this step has passed."""

    code = "EXPIRED"
    exit_code = ExitCode.STATE
    meaning = "The time for this step has passed."
    advice = "Check this machine's clock; otherwise begin the step anew."


class BudgetError(QuorateError):
    """The ledger refused a charge that would exceed a data set's privacy cap."""

    code = "BUDGET_EXCEEDED"
    exit_code = ExitCode.BUDGET
    meaning = "The charge would exceed the data set's privacy cap, so the ledger refused it."
    advice = "See what is left with `quorate privacy show`, and what would fit with `quorate privacy quote`."


class DefectError(QuorateError):
    """Something that cannot happen has happened."""


def first_error(error: BaseException) -> BaseException:
    """Return the error that ended a group of tasks: the first one of a group of groups, or the error itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _tree(root: type[QuorateError]) -> list[type[QuorateError]]:
    return [found for child in root.__subclasses__() for found in (child, *_tree(child))]


ERRORS: Final[Mapping[str, type[QuorateError]]] = MappingProxyType({cls.code: cls for cls in _tree(QuorateError)})
"""Every error of this module by its stable code."""

LEDGER_CODES: Final = frozenset(
    {
        "ALREADY_EXISTS",
        "BUDGET_EXCEEDED",
        "CONFLICT",
        "DENIED",
        "EXPIRED",
        "INVALID_ARGUMENT",
        "INVALID_STATE",
        "NOT_FOUND",
        "UNSUPPORTED_VERSION",
    }
)
"""The codes that the ledger's own answers may carry; no other code is believed from there."""


def from_ledger_code(code: str, message: str) -> QuorateError:
    """Return the error for a chaincode's ``CODE: message``.

    A code that the chaincode is not known to use becomes a `DefectError` that quotes it, so that no peer can make a
    client report, say, a failed verification or a full disk.
    """
    if code in LEDGER_CODES:
        return ERRORS[code](message)
    return DefectError(
        f"the ledger answered with an unknown code {code!r}: {message}",
        hint="The chaincode may be newer than this program; compare versions with `quorate doctor`.",
    )
