"""What the command's exit status means, and which status every error code ends in."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from quorate.errors import ERRORS, ExitCode

INTERRUPTED: Final = 130
"""Exit status after Ctrl-C, as shells write it: 128 and the signal's number."""

BROKEN_PIPE: Final = 141
"""Exit status when the reader of standard output went away (``quorate … | head``), as shells write it."""

MEANINGS: Final[Mapping[int, str]] = MappingProxyType(
    {
        ExitCode.DONE: "done",
        ExitCode.CHECK_FAILED: "a check failed: verification, doctor, or bytes that do not match their digest",
        ExitCode.USAGE: "wrong usage: an option, an argument, a file's content, or an extra that is not installed",
        ExitCode.UNREACHABLE: "not reachable, timed out, or storage that is full or cannot be read or written",
        ExitCode.DENIED: "denied by policy",
        ExitCode.STATE: "wrong state or conflict: what was asked does not fit what is recorded",
        ExitCode.BUDGET: "refused because a privacy budget would be exceeded",
        ExitCode.DEFECT: "a defect of Quorate itself",
        INTERRUPTED: "interrupted: from the keyboard, or a demo by SIGTERM or SIGHUP",
        BROKEN_PIPE: "the reader of standard output went away",
    }
)
"""One sentence for each exit status, as the reference page prints it."""

EXIT_CODE_OF: Final[Mapping[str, ExitCode]] = MappingProxyType(
    {code: error.exit_code for code, error in ERRORS.items()}
)
"""The exit status of every error code, the chaincode's included."""
