"""The access log's file: entries are added and never changed, and rebuilding the trail does not touch them."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Final, Self

from gateway.audit.access.chain import Anchored, Head, check_chain
from gateway.audit.access.entry import Entry, Via, beginning
from gateway.audit.trail.filter import neighbours
from gateway.audit.trail.questions.changes import Deletion
from gateway.audit.trail.questions.supervision import ReadRow, ReadsPage
from quorate import canonical
from quorate.canonical import MAX_INTEGER
from quorate.errors import IntegrityError, NotFoundError, QuorateError, StorageError
from quorate.records.common import make

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from gateway.audit.access.reader import Reader
    from gateway.audit.trail.filter import Cursor
    from quorate.digest import Digest
    from quorate.identifiers import MspId
    from quorate.policy import Decision

DELETION: Final = "deletion"

_FROM: Final = "SELECT number, entry FROM entries WHERE number >= ? ORDER BY number LIMIT 500"
_DELETIONS: Final = """
SELECT number, entry FROM entries WHERE number >= ? AND instr(entry, CAST('"what":"deletion"' AS BLOB))
ORDER BY number LIMIT 500
"""
_NEWER: Final = "SELECT entry FROM entries WHERE number > ? ORDER BY number LIMIT ?"
_OLDER: Final = "SELECT entry FROM entries WHERE number < ? ORDER BY number DESC LIMIT ?"

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS entries (number INTEGER PRIMARY KEY, entry BLOB NOT NULL);
CREATE TRIGGER IF NOT EXISTS entries_stay BEFORE DELETE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of the access log are never deleted'); END;
CREATE TRIGGER IF NOT EXISTS entries_are_fixed BEFORE UPDATE ON entries
    BEGIN SELECT RAISE(ABORT, 'entries of the access log are never changed'); END;
"""


class AccessLog:
    """One organisation's log. Every entry is on disk before `add` returns.

    Parameters
    ----------
    connection
        To the file, for any thread.
    msp
        Whose log it is.
    """

    def __init__(self, connection: sqlite3.Connection, msp: MspId) -> None:
        self.msp = msp
        self._connection = connection
        self._lock = Lock()

    @classmethod
    def open(cls, path: Path | None, msp: MspId) -> Self:
        """Open the log in a file, made if there is none and readable by its owner only; None is in memory.

        Raises
        ------
        StorageError
            When the file cannot be opened or is no such file.
        """
        try:
            if path is not None:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
            connection = sqlite3.connect(path or ":memory:", timeout=30, check_same_thread=False, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            raise StorageError(f"{path} cannot be opened: {error}", cause=error) from error
        try:
            connection.execute("PRAGMA synchronous=FULL")
            connection.executescript(_TABLES)
        except sqlite3.Error as error:
            connection.close()
            hint = "Keep the file as evidence, and put back the newest copy of it that you have."
            raise StorageError(f"{path} cannot be used as an access log: {error}", hint=hint, cause=error) from error
        return cls(connection, msp)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def add(
        self,
        reader: Reader,
        *,
        via: Via,
        what: str,
        asked: Mapping[str, object],
        height: int,
        decision: Decision | None,
        time: int,
    ) -> Entry:
        """Add an entry and return it.

        Parameters
        ----------
        decision
            By which it was allowed or not; None for what the gateway does by its own configuration.

        Raises
        ------
        StorageError
            When it cannot be written.
        IntegrityError
            When the last entry cannot be read, so that nothing can follow on it.
        """
        with self._lock, _stored("writing the access log"):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                number, previous = self._end()
                entry = make(
                    Entry,
                    number=number + 1,
                    previous=previous,
                    time=time,
                    msp=reader.msp,
                    role=reader.role,
                    certificate=reader.certificate,
                    via=via,
                    what=what,
                    asked=canonical.dumps(dict(asked)).decode(),
                    height=height,
                    allowed=decision is None or decision.allowed,
                    policies=[] if decision is None else list(decision.policies),
                    policy_version=0 if decision is None else decision.policy_version,
                )
                self._connection.execute("INSERT INTO entries VALUES (?, ?)", (entry.number, entry.encode()))
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise
        return entry

    @property
    def count(self) -> int:
        """How many entries there are."""
        with self._lock, _stored("reading the access log"):
            return int(self._connection.execute("SELECT COALESCE(MAX(number), 0) FROM entries").fetchone()[0])

    def check(self, anchors: Sequence[Anchored]) -> Head:
        """Return where the log stands, having checked all of it; errors as `check_chain`."""
        return check_chain(self.msp, self._texts(), anchors)

    def head(self) -> Head:
        """Return where the log stands, without looking at more than its last entry."""
        with self._lock, _stored("reading the access log"):
            number, digest = self._end()
        return Head(entries=number, head=digest, anchored=0)

    def last(self) -> Entry:
        """Return the newest entry; `NotFoundError` when there is none."""
        with self._lock, _stored("reading the access log"):
            found = self._connection.execute("SELECT entry FROM entries ORDER BY number DESC LIMIT 1").fetchone()
        if found is None:
            raise NotFoundError("the access log is empty")
        return _parse(found[0])

    def entries(self, first: int = 1) -> Iterator[Entry]:
        """Return the entries from one on.

        Raises
        ------
        IntegrityError
            When one cannot be read.
        """
        for text in self._texts(first):
            yield _parse(text)

    def page(self, at: Cursor | None = None, *, limit: int) -> ReadsPage:
        """Return a page of entries, newest first: it costs the same wherever in the log it is.

        Parameters
        ----------
        at
            Where to go on, by the number of an entry; at the newest when None.
        limit
            How many at most.

        Raises
        ------
        IntegrityError
            When one cannot be read.
        """
        towards_newer = at is not None and at.newer
        place = MAX_INTEGER if at is None else at.sequence
        with self._lock, _stored("reading the access log"):
            rows = self._connection.execute(_NEWER if towards_newer else _OLDER, (place, limit + 1)).fetchall()
        texts = [bytes(text) for (text,) in rows]
        found = [_parse(text) for text in texts[:limit]]
        if towards_newer:
            found.reverse()
        older, newer = neighbours([entry.number for entry in found], at, more=len(texts) > limit)
        return ReadsPage(rows=tuple(map(_row, found)), older=older, newer=newer, total=self.count)

    def deletions(self) -> Iterator[Deletion]:
        """Return what this organisation's gateway deleted off the ledger, oldest first."""
        for entry in map(_parse, self._texts(query=_DELETIONS)):
            if entry.what == DELETION:
                said = canonical.loads(entry.asked.encode(), limit=len(entry.asked.encode()))
                about = said if isinstance(said, dict) else {}
                yield Deletion(
                    time=entry.time,
                    where="off the ledger",
                    what=str(about.get("kind", "")),
                    about=str(about.get("digest", "")),
                    msp=entry.msp,
                    basis=str(about.get("basis", "")),
                    block=None,
                    transaction=None,
                )

    def _end(self) -> tuple[int, Digest]:
        found = self._connection.execute("SELECT entry FROM entries ORDER BY number DESC LIMIT 1").fetchone()
        if found is None:
            return 0, beginning(self.msp)
        last = _parse(found[0])
        return last.number, last.digest

    def _texts(self, first: int = 1, *, query: str = _FROM) -> Iterator[bytes]:
        at = first
        while True:
            with self._lock, _stored("reading the access log"):
                found = self._connection.execute(query, (at,)).fetchall()
            if not found:
                return
            for number, text in found:
                at = number + 1
                yield bytes(text)


def _row(entry: Entry) -> ReadRow:
    return ReadRow(
        number=entry.number,
        time=entry.time,
        msp=entry.msp,
        role=entry.role,
        certificate=entry.certificate,
        by=entry.via,
        what=entry.what,
        asked=entry.asked,
        allowed=entry.allowed,
        policies=tuple(entry.policies),
        height=entry.height,
        anchored=None,
    )


def _parse(text: bytes) -> Entry:
    try:
        return Entry.parse(bytes(text))
    except QuorateError as error:
        raise IntegrityError("an entry of the access log cannot be read", cause=error) from error


@contextmanager
def _stored(doing: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StorageError(f"{doing} failed: {error}", cause=error) from error
