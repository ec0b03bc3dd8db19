"""Opens a bundle, container or directory, and lets nothing in that its canonical form does not have."""

from __future__ import annotations

import hashlib
import io
import stat
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from quorate.digest import PREFIX, Digest
from quorate.errors import IntegrityError, StorageError, UsageError
from quorate.verify.bundle import names
from quorate.verify.bundle.bounds import MAX_FILES, require_size
from quorate.verify.bundle.container import (
    LOCAL_SIGNATURE,
    LOCAL_SIZE,
    Entry,
    directory,
    local_header,
    read_local_header,
)
from quorate.verify.bundle.window import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from typing import BinaryIO

_CHUNK: Final = 1 << 20
_MAX_NAME: Final = 160


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the bundle as it was found when the bundle was opened."""

    name: str
    size: int
    digest: Digest


class _Place(Protocol):
    def open(self, name: str) -> BinaryIO: ...


class Bundle:
    """The files of a bundle. What is read later is compared with the digests found when it was opened."""

    def __init__(self, members: Mapping[str, Member], place: _Place) -> None:
        self.members = members
        self._place = place

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def open(self, name: str) -> BinaryIO:
        """Return a file for reading; it can seek, and the caller closes it."""
        return self._place.open(name)

    def read(self, name: str) -> bytes:
        """Return the whole of a file.

        Raises
        ------
        UsageError
            When the bundle has no such file.
        IntegrityError
            When its bytes have changed since the bundle was opened.
        """
        if name not in self.members:
            raise UsageError(f"the bundle has no {name}")
        with self.open(name) as file:
            data = file.read(self.members[name].size + 1)
        if PREFIX + hashlib.sha256(data).hexdigest() != self.members[name].digest:
            raise IntegrityError(f"{name} changed while it was being verified")
        return data


def open_bundle(path: Path) -> Bundle:
    """Open a bundle and hash every file of it.

    Raises
    ------
    StorageError
        When it cannot be read.
    UsageError
        When it is not there, or not a bundle in its canonical form: names, order, sizes, container.
    """
    try:
        if path.is_dir():
            return Bundle(_members_below(path), _Directory(path))
        with path.open("rb") as file:
            entries = _Scan(file).run()
        return Bundle({name: member for name, (member, _) in entries.items()}, _Container(path, entries))
    except FileNotFoundError as error:
        raise UsageError(f"there is no {error.filename or path}", cause=error) from error
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", cause=error) from error


class _Scan:
    """One pass over a container, front to back; what stands in its directory is compared, never believed."""

    def __init__(self, file: BinaryIO, *, most: int = MAX_FILES) -> None:
        self._file = file
        self._most = most
        self._entries: dict[str, tuple[Member, Entry]] = {}
        self._position = 0

    def run(self) -> dict[str, tuple[Member, Entry]]:
        total = self._file.seek(0, io.SEEK_END)
        self._file.seek(0)
        while (head := self._file.read(LOCAL_SIZE))[:4] == LOCAL_SIGNATURE:
            self._take(head, total)
        expected = directory([entry for _, entry in self._entries.values()])
        if total - self._position != len(expected) or head + self._file.read(len(expected)) != expected:
            raise UsageError("what stands behind the last file is not the container's one directory")
        return self._entries

    def _take(self, head: bytes, total: int) -> None:
        if len(self._entries) == self._most:
            raise UsageError(f"there are more than {self._most} files in the container")
        crc, size, length = read_local_header(head)
        name = self._file.read(min(length, _MAX_NAME)).decode("latin-1")
        last = next(reversed(self._entries), None)
        if last is not None and names.order(name) <= names.order(last):
            raise UsageError(f"{name} stands after {last}")
        names.order(name)
        entry = Entry(name, crc, size, self._position)
        require_size(name, size)
        if head + name.encode("latin-1") != local_header(name, crc, size):
            raise UsageError(f"the header of {name} is not the container's one header: stored, fixed time, no extras")
        if entry.end > total:
            raise UsageError(f"{name} is cut off")
        found, digest = _hash(self._file, size)
        if found != crc:
            raise UsageError(f"{name} does not have the checksum of its header")
        self._entries[name] = Member(name, size, digest), entry
        self._position = entry.end


class _Container:
    def __init__(self, path: Path, entries: Mapping[str, tuple[Member, Entry]]) -> None:
        self._path = path
        self._entries = entries

    def open(self, name: str) -> BinaryIO:
        entry = self._entries[name][1]
        return io.BufferedReader(Window(self._path.open("rb"), entry.start, entry.size))


class _Directory:
    def __init__(self, path: Path) -> None:
        self._path = path

    def open(self, name: str) -> BinaryIO:
        return self._path.joinpath(*name.split("/")).open("rb")


def _members_below(path: Path) -> dict[str, Member]:
    found = {}
    for name in sorted(_walk(path, ""), key=names.order):
        with path.joinpath(*name.split("/")).open("rb") as file:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
            require_size(name, size)
            found[name] = Member(name, size, _hash(file, size)[1])
    return found


def _walk(path: Path, prefix: str) -> Iterator[str]:
    for count, child in enumerate(path.iterdir()):
        if count > MAX_FILES:
            raise UsageError(f"there are more than {MAX_FILES} files in {path}")
        name = prefix + child.name
        mode = child.lstat().st_mode
        if stat.S_ISDIR(mode) and prefix.count("/") <= 1:
            yield from _walk(child, name + "/")
        elif stat.S_ISREG(mode):
            names.order(name)
            yield name
        else:
            raise UsageError(f"{name} is neither a file nor a folder of a bundle")


def _hash(file: BinaryIO, size: int) -> tuple[int, Digest]:
    crc, state, missing = 0, hashlib.sha256(), size
    while missing and (chunk := file.read(min(missing, _CHUNK))):
        crc = zlib.crc32(chunk, crc)
        state.update(chunk)
        missing -= len(chunk)
    if missing:
        raise UsageError("a file became shorter while it was read")
    return crc, Digest(PREFIX + state.hexdigest())
