"""Where the embedded network's program is."""

import os
from pathlib import Path

from quorate.errors import UsageError

_NAME = "quorate-embedded"
_VARIABLE = "QUORATE_EMBEDDED_BIN"
_ROOM = Path(__file__).resolve().parent


def find_embedded_program() -> Path:
    """Return the program: from ``QUORATE_EMBEDDED_BIN``, else from the wheel, else as ``make setup`` built it.

    Raises
    ------
    UsageError
        If it is in none of these places, or the variable names something that cannot be run.
    """
    if named := os.environ.get(_VARIABLE):
        if _is_program(Path(named)):
            return Path(named).absolute()
        raise UsageError(
            f"{_VARIABLE} names {named}, which is not a program.", hint="Correct the variable or unset it."
        )
    for candidate in (_ROOM / "bin" / _NAME, _ROOM.parent / "build" / _NAME):
        if _is_program(candidate):
            return candidate
    raise UsageError(
        f"The embedded network's program, {_NAME}, is not installed.",
        hint=f"In a source tree run `make setup`; else install a wheel for your platform, or name it in {_VARIABLE}.",
    )


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
