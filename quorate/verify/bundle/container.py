"""The one zip that holds given files: stored, in a fixed order, with fixed times, and no byte without meaning.

Pure functions over the records of PKWARE's APPNOTE 6.3, sections 4.3.7 to 4.3.16. Entries of 4 GiB and containers
above are not in this form; such a bundle is a directory.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

LOCAL_SIGNATURE: Final = b"PK\x03\x04"
LOCAL_SIZE: Final = 30
MAX_CONTAINER: Final = 2**32 - 1
MAX_ENTRIES: Final = 2**16 - 2

_DIRECTORY_SIGNATURE = b"PK\x01\x02"
_END_SIGNATURE = b"PK\x05\x06"
_VERSION = 20
_DATE = 0x0021  # 1980-01-01, the first day that a zip can name
_LOCAL = struct.Struct("<4s5H3I2H")
_DIRECTORY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in the container."""

    name: str
    crc: int
    size: int
    offset: int
    """Where its local header begins."""

    @property
    def start(self) -> int:
        """Where its bytes begin."""
        return self.offset + LOCAL_SIZE + len(self.name)

    @property
    def end(self) -> int:
        """Where the next record begins."""
        return self.start + self.size


def local_header(name: str, crc: int, size: int) -> bytes:
    """Return what stands before a file's bytes."""
    text = name.encode("ascii")
    return _LOCAL.pack(LOCAL_SIGNATURE, _VERSION, 0, 0, 0, _DATE, crc, size, size, len(text), 0) + text


def read_local_header(head: bytes) -> tuple[int, int, int]:
    """Return checksum, size and length of the name that a local header states; the caller re-encodes and compares.

    Raises
    ------
    UsageError
        When it is shorter than a local header.
    """
    if len(head) != LOCAL_SIZE:
        raise UsageError("the container is cut off")
    fields = _LOCAL.unpack(head)
    return fields[6], fields[8], fields[9]


def directory(entries: Sequence[Entry]) -> bytes:
    """Return what stands behind the last file: the central directory and its end.

    Raises
    ------
    UsageError
        When there are more files or bytes than this form holds.
    """
    start = entries[-1].end if entries else 0
    records = b"".join(_record(entry) for entry in entries)
    if len(entries) > MAX_ENTRIES or start + len(records) + _END.size > MAX_CONTAINER:
        raise UsageError(
            f"{len(entries)} files of {start} bytes do not fit one container",
            hint="Export to a directory instead: choose a name that does not end in .qeb.",
        )
    return records + _END.pack(_END_SIGNATURE, 0, 0, len(entries), len(entries), len(records), start, 0)


def _record(entry: Entry) -> bytes:
    text = entry.name.encode("ascii")
    sizes = (entry.crc, entry.size, entry.size, len(text))
    return (
        _DIRECTORY.pack(_DIRECTORY_SIGNATURE, _VERSION, _VERSION, 0, 0, 0, _DATE, *sizes, 0, 0, 0, 0, 0, entry.offset)
        + text
    )
