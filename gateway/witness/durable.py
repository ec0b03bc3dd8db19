"""Writes that are on disk when they return, or did not happen as far as anybody reads."""

from __future__ import annotations

import os


def write_at(descriptor: int, data: bytes | bytearray, offset: int) -> None:
    """Write all of the data at a place of a file, and have it on disk.

    Raises
    ------
    OSError
        When not all of it could be: a disk that is filling up takes a part and says so only to whoever looks.
    """
    left = memoryview(data)
    while left:
        written = os.pwrite(descriptor, left, offset)
        left, offset = left[written:], offset + written
    os.fsync(descriptor)
