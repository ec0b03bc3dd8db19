"""Private keys in files that only their owner may read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Final

from quorate.errors import AlreadyExistsError, StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

MAX_PEM_BYTES: Final = 64 * 1024
_OTHERS: Final = 0o077


def read_pem(path: Path) -> bytes:
    """Return the bytes of a PEM file of at most 64 KiB."""
    return _read(path, private=False)


def read_private_pem(path: Path) -> bytes:
    """Return the bytes of a private key file; refuse one that group or others may touch.

    The permissions are those of the very file that is then read, not of whatever the path names a moment later.

    Raises
    ------
    UsageError
        The file is no regular file, is too large, or its mode gives group or others any right.
    StorageError
        It cannot be read.
    """
    return _read(path, private=True)


def write_new_secret(path: Path, data: bytes, *, hint: str) -> None:
    """Write a secret to a new file that only its owner can read.

    Raises
    ------
    AlreadyExistsError
        When there is such a file, with `hint`.
    StorageError
        When it cannot be written; then there is no such file.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError as error:
        raise AlreadyExistsError(f"{path} exists already", hint=hint, cause=error) from error
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", cause=error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        path.unlink(missing_ok=True)
        raise StorageError(f"{path} cannot be written: {error.strerror}", cause=error) from error


def _read(path: Path, *, private: bool) -> bytes:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            _check(path, found, private=private)
            data = file.read(MAX_PEM_BYTES + 1)
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror}", cause=error) from error
    if len(data) > MAX_PEM_BYTES:
        raise UsageError(f"{path} is larger than {MAX_PEM_BYTES} bytes, too large for a PEM file")
    return data


def _check(path: Path, found: os.stat_result, *, private: bool) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise UsageError(f"{path} is not a regular file")
    mode = stat.S_IMODE(found.st_mode)
    if private and mode & _OTHERS:
        raise UsageError(
            f"the private key {path} has mode {mode:04o}, so others than its owner may use it",
            hint=f"Run `chmod 600 {path}`; if others could read it before, issue a new key.",
        )
