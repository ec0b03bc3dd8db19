"""Where a tensor file's bytes come from: memory, a path, or an open file that can seek."""

from __future__ import annotations

import io
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Source: TypeAlias = "bytes | Path | BinaryIO"


@contextmanager
def open_source(source: Source) -> Iterator[BinaryIO]:
    """Yield the source as an open file at its beginning; close it afterwards if this opened it."""
    if isinstance(source, Path):
        with source.open("rb") as file:
            yield file
    elif isinstance(source, bytes):
        yield io.BytesIO(source)
    else:
        source.seek(0)
        yield source


def size_of(file: BinaryIO) -> int:
    """Return the size of an open file in bytes, leaving it at its beginning."""
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return size
