"""Running one of Fabric's programs that does one thing and ends."""

import os
import subprocess
from pathlib import Path
from typing import Final

from quorate.errors import TimedOutError, UnreachableError, UsageError

OVERRIDES: Final = ("CORE_", "ORDERER_", "CONFIGTX_", "FABRIC_", "OSNADMIN_")
"""Variables that would change what we wrote into the settings; somebody's shell may hold some for another network."""

_LAST_LINES: Final = 6


def run_program(*command: str | Path, timeout_s: float = 30.0) -> str:
    """Run a program and return what it wrote to standard output.

    Raises
    ------
    UnreachableError
        If it failed; the message has the end of what it said.
    TimedOutError
        If it took more than `timeout_s` seconds.
    UsageError
        If it cannot be run.
    """
    name = Path(command[0]).name
    environment = {key: value for key, value in os.environ.items() if not key.startswith(OVERRIDES)}
    try:
        done = subprocess.run(  # noqa: S603 - Fabric's own programs, with arguments of ours
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=timeout_s,
            env=environment,
        )
    except OSError as error:
        raise UsageError(f"Cannot run {command[0]}: {error.strerror}.", cause=error) from error
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(f"{name} took more than {timeout_s:g} s.", cause=error) from error
    if done.returncode != 0:
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        raise UnreachableError(f"{name} failed with exit status {done.returncode}. Its last words:\n{said}")
    return done.stdout
