"""Where whole artefacts lie, behind the smallest interface that a directory and an object store share."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Protocol

from gateway.artifacts.disk import sync_directory
from quorate.digest import Digest, hex_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Objects(Protocol):
    """Whole artefacts by digest. Calls block; the store runs them in threads.

    Implementations raise `OSError` for what the storage refuses, and `FileNotFoundError` for what is not there.
    """

    def adopt(self, digest: Digest, path: Path, *, durable: bool) -> None:
        """Take over a local file that holds exactly the artefact; the file is gone afterwards.

        When `durable`, it survives a power failure once this returns. Adopting what is already there changes nothing.
        """

    def open(self, digest: Digest) -> BinaryIO:
        """Return a seekable stream of the artefact, to be closed by the caller."""

    def size(self, digest: Digest) -> int | None:
        """Return the artefact's size; None when it is not here."""

    def remove(self, digest: Digest) -> None:
        """Delete the artefact, if it is here."""

    def digests(self) -> Iterable[Digest]:
        """Return what is here, in no particular order."""


class LocalObjects:
    """Whole artefacts as files of a directory: ``ab/abcdef…``, read-only.

    The directory must be on the file system of the files it adopts.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(parents=True, exist_ok=True)

    def _path(self, digest: Digest) -> Path:
        name = hex_of(digest)
        return self._directory / name[:2] / name

    def adopt(self, digest: Digest, path: Path, *, durable: bool) -> None:
        """Rename the file to its place; see `Objects.adopt`."""
        target = self._path(digest)
        target.parent.mkdir(exist_ok=True)
        path.chmod(0o440)
        if durable:
            _sync_file(path)
        path.replace(target)
        if durable:
            sync_directory(target.parent)
            sync_directory(self._directory)

    def open(self, digest: Digest) -> BinaryIO:
        """Open the file for reading."""
        return self._path(digest).open("rb")

    def size(self, digest: Digest) -> int | None:
        """Return the file's size; None when there is no such file."""
        try:
            return self._path(digest).stat().st_size
        except FileNotFoundError:
            return None

    def remove(self, digest: Digest) -> None:
        """Unlink the file. Streams that are open on it go on undisturbed."""
        with suppress(FileNotFoundError):
            self._path(digest).unlink()

    def digests(self) -> Iterable[Digest]:
        """Return the digests of the files."""
        return [
            Digest("sha256:" + path.name)
            for path in self._directory.glob("??/*")
            if path.name.startswith(path.parent.name)
        ]


def _sync_file(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
