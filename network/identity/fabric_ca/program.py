"""Where the Fabric CA server's program is."""

import os
import shutil
from pathlib import Path
from typing import Final

from network.fabric.programs import VARIABLE as FABRIC_VARIABLE
from network.own_programs import is_program
from quorate.errors import UsageError

PROGRAM: Final = "fabric-ca-server"
VARIABLE: Final = "QUORATE_FABRIC_CA_SERVER"
_BUILT: Final = Path(__file__).resolve().parents[3] / "build" / PROGRAM


def find_ca_program(directory: Path | None = None) -> Path:
    """Return ``fabric-ca-server``.

    It is taken from ``QUORATE_FABRIC_CA_SERVER``, else from `directory` or what ``QUORATE_FABRIC_BIN`` names, else from
    PATH, else as ``make ca`` built it.

    Raises
    ------
    UsageError
        If it is in none of these places, or a variable names something that cannot be run.
    """
    if named := os.environ.get(VARIABLE):
        if is_program(Path(named)):
            return Path(named).absolute()
        raise UsageError(f"{VARIABLE} names {named}, which is not a program.", hint="Correct the variable or unset it.")
    beside_fabric = directory or (Path(found) if (found := os.environ.get(FABRIC_VARIABLE)) else None)
    on_path = shutil.which(PROGRAM)
    for candidate in (
        beside_fabric and beside_fabric.absolute() / PROGRAM,
        on_path and Path(on_path).absolute(),
        _BUILT,
    ):
        if candidate and is_program(candidate):
            return candidate
    raise UsageError(
        f"Fabric CA's program, {PROGRAM}, is not installed.",
        hint="Get the official release from https://github.com/hyperledger/fabric-ca/releases and put it on PATH or "
        f"name it in {VARIABLE}; in a source tree `make ca` builds it (needs gcc).",
    )
