"""Where a bundle grows before it appears: a directory beside its target, gone again unless it was finished."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from quorate.digest import PREFIX, Digest
from quorate.errors import AlreadyExistsError, NoSpaceError, StorageError
from quorate.verify.bundle import names
from quorate.verify.bundle.bounds import require_size

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

_CHUNK: Final = 1 << 20
_NO_SPACE: Final = 28


@dataclass(frozen=True, slots=True)
class Staged:
    """A file of the bundle to be."""

    name: str
    size: int
    crc: int
    digest: Digest


class Staging:
    """The files of a bundle to be, by their names in it."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.root = root
        self.scratch = scratch
        """A path beside the files, for one more file."""

    def path(self, name: str) -> Path:
        """Return where a file lies, its folder made.

        Raises
        ------
        UsageError
            When no file of a bundle has such a name.
        """
        names.order(name)
        path = self.root.joinpath(*name.split("/"))
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def write(self, name: str, data: bytes) -> None:
        """Write a whole file."""
        self.path(name).write_bytes(data)

    def append_to(self, name: str) -> BinaryIO:
        """Return a file to write to; the caller closes it."""
        return self.path(name).open("ab")

    def measure(self) -> list[Staged]:
        """Return every file in the bundle's order, with size and digest.

        Raises
        ------
        UsageError
            When one is larger than a bundle's files may be.
        """
        found = [path.relative_to(self.root).as_posix() for path in self.root.rglob("*") if path.is_file()]
        return [_measure(self.path(name), name) for name in sorted(found, key=names.order)]


@contextmanager
def staging(target: Path) -> Iterator[Staging]:
    """Make a staging directory beside `target`, and remove it in the end with whatever is left there.

    Raises
    ------
    AlreadyExistsError
        When there is something at the target.
    NoSpaceError, StorageError
        When files cannot be written.
    """
    if target.exists():
        raise AlreadyExistsError(f"there is something at {target} already", hint="Choose another name, or remove it.")
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.absolute().parent) as name:
            root = Path(name, "files")
            root.mkdir()
            yield Staging(root, Path(name, "container"))
    except OSError as error:
        if error.errno == _NO_SPACE:
            raise NoSpaceError(f"there is no space for {target}", cause=error) from error
        raise StorageError(f"{target} cannot be written: {error.strerror}", cause=error) from error


def copy_into(source: Path, file: BinaryIO) -> None:
    """Append a file's bytes to an open one."""
    with source.open("rb") as origin:
        shutil.copyfileobj(origin, file, _CHUNK)


def _measure(path: Path, name: str) -> Staged:
    crc, size, state = 0, 0, hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            state.update(chunk)
    require_size(name, size)
    return Staged(name, size, crc, Digest(PREFIX + state.hexdigest()))
