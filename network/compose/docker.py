"""The docker client: one call of it, with a deadline, and what it says when it fails."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from quorate.errors import TimedOutError, UnreachableError, UsageError

_PROGRAM = "docker"
_LAST_LINES = 12
_SEE_DAEMON = "See what docker says: docker info"

INSPECT_TIMEOUT_S = 20.0
"""How long a question to the daemon may take that starts and ends nothing."""


class DockerError(UnreachableError):
    """The docker client ended with another status than 0; the message ends with its last words."""


def docker(
    *arguments: str,
    timeout_s: float = INSPECT_TIMEOUT_S,
    environment: Mapping[str, str] | None = None,
    directory: Path | None = None,
) -> str:
    """Run the docker client, and return what it wrote to standard output.

    Parameters
    ----------
    *arguments : str
        Its arguments.
    timeout_s : float
        Its deadline; it is killed then.
    environment : mapping of str to str, optional
        Its environment, instead of this process's.
    directory : Path, optional
        Where it runs, instead of this process's working directory.

    Raises
    ------
    DockerError
        If it failed.
    TimedOutError
        If it did not end in time.
    UsageError
        If it cannot be run at all.
    """
    did = _run(arguments, timeout_s=timeout_s, environment=environment, directory=directory)
    if did.returncode != 0:
        raise DockerError(f"{_what(arguments)} failed. Its last words:\n{_last_words(did.stderr)}", hint=_SEE_DAEMON)
    return did.stdout


def _run(
    arguments: Sequence[str], *, timeout_s: float, environment: Mapping[str, str] | None, directory: Path | None
) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(  # noqa: S603 - docker of the PATH, with arguments of ours
            [_PROGRAM, *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            env=dict(os.environ if environment is None else environment),
            cwd=directory,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOutError(
            f"{_what(arguments)} did not end within {timeout_s:g} s.", hint=_SEE_DAEMON, cause=error
        ) from error
    except OSError as error:
        raise UsageError(
            f"Cannot run {_PROGRAM}: {error.strerror}.",
            hint="Install Docker (docs.docker.com/engine/install), or use another engine.",
            cause=error,
        ) from error


def _what(arguments: Sequence[str]) -> str:
    # The files that Compose is given would hide the one word that says what was done.
    words = [word for word in arguments if not word.startswith("-")]
    return " ".join([_PROGRAM, *words[:3]])


def _last_words(text: str) -> str:
    return "\n".join(text.strip().splitlines()[-_LAST_LINES:]) or "(nothing)"
