"""Where the programs are that come with Quorate: the embedded network's and the chaincode's."""

import os
from pathlib import Path

from quorate.errors import UsageError

_ROOM = Path(__file__).resolve().parent


def find_embedded_program() -> Path:
    """Return the embedded network's program.

    It is taken from ``QUORATE_EMBEDDED_BIN``, else from the wheel, else as ``make setup`` built it.

    Raises
    ------
    UsageError
        If it is in none of these places, or the variable names something that cannot be run.
    """
    return _find("quorate-embedded", "QUORATE_EMBEDDED_BIN", "The embedded network's program")


def find_chaincode_program() -> Path:
    """Return Quorate's chaincode, which peers talk to as a service.

    It is taken from ``QUORATE_CHAINCODE_BIN``, else from the wheel, else as ``make setup`` built it.

    Raises
    ------
    UsageError
        As of `find_embedded_program`.
    """
    return _find("quorate-chaincode", "QUORATE_CHAINCODE_BIN", "The chaincode's program")


def _find(name: str, variable: str, what: str) -> Path:
    if named := os.environ.get(variable):
        if is_program(Path(named)):
            return Path(named).absolute()
        raise UsageError(f"{variable} names {named}, which is not a program.", hint="Correct the variable or unset it.")
    for candidate in (_ROOM / "bin" / name, _ROOM.parent / "build" / name):
        if is_program(candidate):
            return candidate
    raise UsageError(
        f"{what}, {name}, is not installed.",
        hint=f"In a source tree run `make setup`; else install a wheel for your platform, or name it in {variable}.",
    )


def is_program(path: Path) -> bool:
    """Tell whether a path is a file that may be run."""
    return path.is_file() and os.access(path, os.X_OK)
