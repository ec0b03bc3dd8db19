"""The few things about a local disk that must be right: room, atomic replacement, and errors that say what happened."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from quorate.errors import NoSpaceError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Room(Protocol):
    """Says how many bytes may still be written below a directory."""

    def __call__(self, directory: Path) -> int:
        """Return the bytes that are free."""


def free_bytes(directory: Path) -> int:
    """Return what the file system has left for an ordinary user."""
    return shutil.disk_usage(directory).free


@contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Turn an `OSError` into `NoSpaceError` or `StorageError`, saying what was being done."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpaceError(f"no space is left for {doing}", cause=error) from error
        raise StorageError(f"{doing} failed: {error.strerror or error}", cause=error) from error


def write_atomically(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file so that a reader finds the old content or the new and nothing between.

    When `durable`, so does whoever looks after a power failure.
    """
    temporary = path.with_name(path.name + ".new")
    with temporary.open("wb") as file:
        file.write(data)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)
    if durable:
        sync_directory(path.parent)


def sync_directory(directory: Path) -> None:
    """Make renames and removals in a directory survive a power failure."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def boot_id() -> str | None:
    """Return an id that changes with every start of the machine, where the system has one.

    A file that was written but not forced to disk is whole as long as this id stays the same, whatever happened to the
    process that wrote it.
    """
    try:
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:  # noqa: PTH123 - not a path of ours
            return file.read().strip()
    except OSError:
        return None
