"""The `.env` file of a Compose project: what its compose files leave open."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from quorate.errors import UsageError

_NOT_IN_A_NAME = re.compile(r"[^A-Z0-9]+")


def variable(prefix: str, name: str) -> str:
    """Return the variable that holds something of a node or an organisation, such as ``PORT_PEER0_ALDER``."""
    return f"{prefix}_{_NOT_IN_A_NAME.sub('_', name.upper())}"


def write_env(path: Path, values: Mapping[str, str]) -> None:
    """Write the file, whole or not at all.

    Raises
    ------
    UsageError
        If a value has a character that no such file can hold.
    """
    lines = [
        "# Written by `quorate network up`, and anew at each start.",
        *map(_assignment, values, values.values()),
        "",
    ]
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text("\n".join(lines), encoding="utf-8")
    temporary.replace(path)


def _assignment(name: str, value: str) -> str:
    # Between single quotes nothing is expanded, and nothing can stand for a single quote.
    if re.search(r"['\\\x00-\x1f\x7f]", value):
        raise UsageError(
            f"{name} would be {value!r}, which Compose cannot read from a file.",
            hint="Use a directory and names without quotes, backslashes and control characters.",
        )
    return f"{name}='{value}'"
