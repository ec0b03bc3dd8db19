"""Unfinished artefacts: kept under digest and size, so that an upload goes on where a connection or a process ended."""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
import uuid
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO, Final

from gateway.artifacts.disk import Room, free_bytes, storage_errors
from quorate.digest import Digest, hex_of
from quorate.errors import ConflictError, IntegrityError, NoSpaceError, StateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_READ: Final = 1024 * 1024


class Staging:
    """A directory of partial files.

    Parameters
    ----------
    directory
        Created when absent.
    reserve
        Bytes of the disk that are never used.
    room
        How much the disk has left.
    """

    def __init__(self, directory: Path, *, reserve: int, room: Room = free_bytes) -> None:
        self._directory = directory
        self._reserve = reserve
        self._room = room
        self._promised: dict[object, int] = {}
        self._writers: dict[Path, Upload] = {}
        directory.mkdir(parents=True, exist_ok=True)
        for abandoned in directory.glob("*.product"):
            abandoned.unlink()

    def path(self, digest: Digest, size: int) -> Path:
        """Return where the partial file of an artefact lies or would lie."""
        return self._directory / f"{hex_of(digest)}-{size}.part"

    def kept(self, digest: Digest, size: int) -> int:
        """Return how many bytes of an artefact are here."""
        try:
            return min(self.path(digest, size).stat().st_size, size)
        except FileNotFoundError:
            return 0

    def discard(self, digest: Digest, size: int) -> None:
        """Drop what is here of an artefact."""
        with suppress(FileNotFoundError):
            self.path(digest, size).unlink()

    def discard_older(self, than: float) -> int:
        """Drop the partial files that nobody writes and that were last written before a Unix time; return how many."""
        old = [p for p in self._directory.glob("*.part") if p not in self._writers and p.stat().st_mtime < than]
        for path in old:
            path.unlink()
        return len(old)

    @contextmanager
    def upload(self, digest: Digest, size: int, *, offset: int) -> Iterator[Upload]:
        """Write an artefact from `offset` on. An older upload of the same artefact ends with `ConflictError`.

        Raises
        ------
        StateError
            When fewer than `offset` bytes are kept.
        NoSpaceError
            When the rest would not fit on the disk.
        """
        path = self.path(digest, size)
        kept = self.kept(digest, size)
        if not 0 <= offset <= kept:
            raise StateError(
                f"{kept} bytes are kept, so an upload cannot go on at {offset}", hint="Ask Stat, and go on there."
            )
        with self.space(size - offset):
            # The newest connection wins: the old one may be dead without anyone having noticed.
            previous = self._writers.get(path)
            upload = Upload(path, digest, size, offset=offset, after=previous)
            self._writers[path] = upload
            try:
                yield upload
            finally:
                upload.close()
                if self._writers.get(path) is upload:
                    del self._writers[path]

    @contextmanager
    def space(self, size: int) -> Iterator[None]:
        """Hold room for `size` bytes against other uploads; `NoSpaceError` when there is none."""
        ticket = object()
        with storage_errors("asking the disk for its free space"):
            free = self._room(self._directory) - self._reserve - sum(self._promised.values())
        if size > free:
            raise NoSpaceError(
                f"{size} bytes do not fit: {max(free, 0)} are free beyond the reserve of {self._reserve}"
            )
        self._promised[ticket] = size
        try:
            yield
        finally:
            del self._promised[ticket]

    @contextmanager
    def product(self) -> Iterator[Path]:
        """Lend the path of a new file, and remove whatever is still there afterwards."""
        path = self._directory / f"{uuid.uuid4().hex}.product"
        try:
            yield path
        finally:
            with suppress(FileNotFoundError):
                path.unlink()


class Upload:
    """One writer of one partial file. `Staging.upload` makes it."""

    def __init__(self, path: Path, digest: Digest, size: int, *, offset: int, after: Upload | None) -> None:
        self.path = path
        self._digest = digest
        self._size = size
        self._written = offset
        self._hash = hashlib.sha256()
        self._file: BinaryIO | None = None
        self._superseded = False
        self._ended = False
        # A cancelled writer leaves a thread behind that may still write; whoever closes waits for it.
        self._writing = threading.RLock()
        self._turn: asyncio.Lock = after._turn if after else asyncio.Lock()  # noqa: SLF001 - the same class
        if after:
            after._superseded = True  # noqa: SLF001 - the same class

    async def write(self, chunk: bytes | memoryview) -> None:
        """Append a chunk, hashing it.

        Raises
        ------
        UsageError
            When there are more bytes than were announced.
        ConflictError
            When a newer upload of the same artefact has begun.
        NoSpaceError
            When the disk is full; nothing of the artefact is kept then.
        """
        async with self._turn:
            if self._superseded:
                raise ConflictError("a newer upload of the same artefact has taken over", hint="Leave it to that one.")
            if self._written + len(chunk) > self._size:
                raise UsageError(f"more bytes than the {self._size} announced")
            await asyncio.to_thread(self._append, chunk)
            self._written += len(chunk)

    async def finish(self) -> None:
        """Check size and digest of the whole.

        Raises
        ------
        UsageError
            When bytes are missing; what came is kept.
        IntegrityError
            When the digest differs; nothing is kept.
        """
        if self._written < self._size:
            raise UsageError(f"the upload ends after {self._written} of {self._size} bytes", hint="Go on from there.")
        await self.write(b"")  # reads what an earlier connection left, when no chunk came now
        self.close()
        found = self._hash.hexdigest()
        if found != hex_of(self._digest):
            self.path.unlink()
            raise IntegrityError(f"the bytes have the digest sha256:{found}, not {self._digest}")

    def close(self) -> None:
        """Close the file; what was written stays."""
        with self._writing:
            self._ended = True
            if self._file:
                self._file.close()
                self._file = None

    def _append(self, chunk: bytes | memoryview) -> None:
        with self._writing:
            if not self._ended:
                self._append_now(chunk)

    def _append_now(self, chunk: bytes | memoryview) -> None:
        try:
            with storage_errors("an upload"):
                if self._file is None:
                    self._file = self._open()
                self._file.write(chunk)
        except NoSpaceError:
            self.close()
            self.path.unlink(missing_ok=True)
            raise
        self._hash.update(chunk)

    def _open(self) -> BinaryIO:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        file = os.fdopen(descriptor, "r+b", buffering=0)
        if os.fstat(descriptor).st_size > self._written:
            file.truncate(self._written)
        left = self._written
        while left:
            part = file.read(min(left, _READ))
            if not part:
                file.close()
                raise OSError(None, "the kept part has become shorter")
            self._hash.update(part)
            left -= len(part)
        return file
