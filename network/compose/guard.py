"""A process beside this one that takes a network's containers away when this one is gone."""

import os
import secrets
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from network.compose.project import NOWHERE, Project, own_environment

_PROGRAM: Final = Path(__file__).with_name("down_with_parent.py")
_END_TIMEOUT_S: Final = 20.0


class Guard:
    """Takes a project's containers away when this process ends, however it ends, unless it is dismissed before."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process

    @classmethod
    def set(cls, project: Project) -> Self:
        """Start one for a project; the one that this process set before for the same project is dismissed."""
        forget(project)
        token = secrets.token_hex(16)
        _file(project).write_text(token, encoding="ascii")
        command = [sys.executable, "-I", "-S", str(_PROGRAM), str(_file(project)), token]
        guard = cls(
            subprocess.Popen(  # noqa: S603 - our own program
                [*command, *project.down_arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=own_environment(os.environ),
                cwd=NOWHERE,
                start_new_session=True,
            )
        )
        _set[project.name] = guard
        return guard

    def dismiss(self) -> None:
        """End it without its doing anything. Repeating it changes nothing."""
        if self._process.stdin is not None and not self._process.stdin.closed:
            with suppress(BrokenPipeError):
                self._process.stdin.write(b"done\n")
                self._process.stdin.close()
        self._process.wait(timeout=_END_TIMEOUT_S)


def forget(project: Project) -> None:
    """Let no guard of a project do anything any more, whichever process set it."""
    _file(project).unlink(missing_ok=True)
    if (guard := _set.pop(project.name, None)) is not None:
        guard.dismiss()


def _file(project: Project) -> Path:
    return project.directory / "guard"


_set: Final[dict[str, Guard]] = {}
