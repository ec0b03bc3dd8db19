"""Files that a person names, read no further than they may be long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


def read_bounded(path: Path, *, limit: int, what: str) -> bytes:
    """Return the bytes of a file that a person named as `what`.

    Raises
    ------
    UsageError
        When the file cannot be read or has more than `limit` bytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", cause=error) from error
    if len(data) > limit:
        raise UsageError(f"{path} has more than {limit} bytes, and {what} may not")
    return data
