"""What a gateway has seen of the ledger, one record a block, on disk; it grows and never changes."""

from __future__ import annotations

import hashlib
import os
import struct
from typing import TYPE_CHECKING, Final, Self

from gateway.witness.durable import write_at
from quorate.digest import digest_from_raw
from quorate.errors import IntegrityError, StorageError
from quorate.verify.bundle.witness import Seen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_RECORD: Final = struct.Struct(">Q32s32sQ16s")
"""Block, hash of its header, commit hash, Unix milliseconds, and the check: of the check before and this record."""

_CHECK = 16
_NONE = bytes(32)


class Memory:
    """The records of a file, block 0 first. One task writes; any may read.

    Raises
    ------
    IntegrityError
        When the file's records do not follow each other: somebody has changed it.
    StorageError
        When it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.height = 0
        self._check = bytes(_CHECK)
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._load()
        except OSError as error:
            raise StorageError(f"{path} cannot be used: {error.strerror}", cause=error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def append(self, found: Iterable[Seen]) -> None:
        """Remember the next blocks; when this returns they are on disk.

        Raises
        ------
        IntegrityError
            When one is not the next.
        StorageError
            When they cannot be written.
        """
        records, height, check = bytearray(), self.height, self._check
        for seen in found:
            if seen.block != height:
                raise IntegrityError(f"block {seen.block} was seen where {height} was due")
            content = _content(seen)
            check = _check(check, content)
            records += content + check
            height += 1
        try:
            write_at(self._file, records, self.height * _RECORD.size)
        except OSError as error:
            raise StorageError(f"{self.path} cannot be written: {error.strerror}", cause=error) from error
        self.height, self._check = height, check

    def get(self, block: int) -> Seen | None:
        """Return what was seen of a block, None when nothing was yet."""
        if not 0 <= block < self.height:
            return None
        number, header, commit_hash, observed, _ = _RECORD.unpack(
            os.pread(self._file, _RECORD.size, block * _RECORD.size)
        )
        return Seen(
            block=number,
            header=digest_from_raw(header),
            commit_hash="" if commit_hash == _NONE else commit_hash.hex(),
            observed_time=observed,
        )

    def _load(self) -> None:
        size = os.fstat(self._file).st_size
        for number in range(size // _RECORD.size):
            record = os.pread(self._file, _RECORD.size, number * _RECORD.size)
            content, check = record[:-_CHECK], record[-_CHECK:]
            if _RECORD.unpack(record)[0] != number or _check(self._check, content) != check:
                raise IntegrityError(
                    f"{self.path} was changed at block {number}",
                    hint="Keep the file for whoever looks into it; move it away to begin anew.",
                )
            self._check = check
            self.height += 1
        os.ftruncate(self._file, self.height * _RECORD.size)  # a last record that was not written to its end


def _content(seen: Seen) -> bytes:
    header = bytes.fromhex(seen.header.removeprefix("sha256:"))
    commit_hash = bytes.fromhex(seen.commit_hash) if seen.commit_hash else _NONE
    return _RECORD.pack(seen.block, header, commit_hash, seen.observed_time, b"")[:-_CHECK]


def _check(before: bytes, content: bytes) -> bytes:
    return hashlib.sha256(before + content).digest()[:_CHECK]
