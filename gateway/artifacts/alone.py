"""One program at a time in a state directory: two would overwrite each other's files, or use one secret twice."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from gateway.artifacts.disk import storage_errors
from quorate.errors import ConflictError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME: Final = ".lock"


@contextmanager
def alone_in(directory: Path) -> Iterator[None]:
    """Hold a state directory, made if need be, against other processes.

    The hold ends with the process, however that ends, and children do not inherit it. On a file system whose locks do
    not reach other machines, a process there is not noticed.

    Raises
    ------
    ConflictError
        Another process holds it.
    StorageError
        It cannot be made, written to or locked.
    """
    with storage_errors(f"making the directory {directory}"):
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        with storage_errors(f"locking {directory}"):
            _take(lock, directory)
        yield
    finally:
        os.close(lock)


def _take(lock: int, directory: Path) -> None:
    try:
        # A record lock, not flock's: a forked trainer that outlives its agent by a moment does not hold it.
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError) as error:
        raise ConflictError(
            f"another process works in {directory}",
            hint="End that one first, or give this one a state directory of its own.",
            cause=error,
        ) from error
