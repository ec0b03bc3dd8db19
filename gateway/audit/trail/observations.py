"""When the own gateway first saw each block: in a file of its own, since no ledger can tell it again."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final, Self

from quorate.errors import IntegrityError, StorageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

_TABLE: Final = """
CREATE TABLE IF NOT EXISTS observations (block INTEGER PRIMARY KEY, hash TEXT NOT NULL, time INTEGER NOT NULL);
"""
_FEW: Final = 500


class Observations:
    """Blocks, their headers' digests, and Unix milliseconds. What was noted once stays.

    Parameters
    ----------
    connection
        To the file, for any thread.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = Lock()

    @classmethod
    def open(cls, path: Path | None) -> Self:
        """Open the memory in a file, made if there is none and readable by its owner only; None is in memory.

        Raises
        ------
        StorageError
            When the file cannot be opened or is no such file.
        """
        try:
            if path is not None:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            connection = sqlite3.connect(path or ":memory:", timeout=30, check_same_thread=False)
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(_TABLE)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"{path} cannot be used as a memory of blocks: {error}", cause=error) from error
        return cls(connection)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def note(self, seen: Iterable[tuple[int, str, int]]) -> None:
        """Note blocks as (number, digest of the header, time); those noted before keep their time.

        Raises
        ------
        IntegrityError
            When a block is not the one that was seen at that height before.
        StorageError
            When it cannot be written.
        """
        rows = list(seen)
        with self._stored(), self._connection:
            self._connection.executemany("INSERT OR IGNORE INTO observations VALUES (?, ?, ?)", rows)
            for number, digest, _ in rows:
                found = self._connection.execute("SELECT hash FROM observations WHERE block = ?", (number,)).fetchone()
                if found[0] != digest:
                    raise IntegrityError(
                        f"block {number} is {digest}, and this gateway has seen {found[0]} there before",
                        hint="The ledger was replaced or has forked. Compare with other members before going on.",
                    )

    def times(self, blocks: Collection[int]) -> dict[int, int]:
        """Return when blocks were first seen; those are left out that never were."""
        with self._stored():
            if len(blocks) > _FEW:
                found = self._connection.execute("SELECT block, time FROM observations").fetchall()
                return {block: time for block, time in found if block in blocks}
            marks = ",".join("?" * len(blocks))
            query = f"SELECT block, time FROM observations WHERE block IN ({marks})"  # noqa: S608 - question marks only
            return dict(self._connection.execute(query, tuple(blocks)).fetchall())

    @contextmanager
    def _stored(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except sqlite3.Error as error:
            raise StorageError(f"the memory of blocks cannot be used: {error}", cause=error) from error
