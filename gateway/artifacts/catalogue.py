"""Which artefacts are here and what they are: one small file per digest, all of it in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from threading import Lock
from typing import TYPE_CHECKING, Final

from gateway.artifacts.disk import write_atomically
from gateway.artifacts.label import Label, label_from_json
from quorate import canonical
from quorate.digest import Digest, hex_of, parse_digest
from quorate.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SCHEMA: Final = "quorate.artifact/1"
_LIMIT: Final = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An artefact that is here.

    `since` is when it came, in Unix milliseconds. `boot` names the start of the machine during which the bytes were
    written, when they were not forced to disk: after another start they may be torn, and are dropped. Empty means that
    they were forced to disk.
    """

    digest: Digest
    size: int
    labels: frozenset[Label]
    since: int
    boot: str = ""

    def encode(self) -> bytes:
        """Return the canonical bytes of this entry's file."""
        return canonical.dumps(
            {
                "schema": _SCHEMA,
                "digest": self.digest,
                "size": self.size,
                "since": self.since,
                "boot": self.boot,
                "labels": [label.as_json() for label in sorted(self.labels, key=str)],
            }
        )


class Catalogue:
    """The entries of one directory. Calls block for the time of one small durable write."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._lock = Lock()
        self._memory = Lock()  # never held while the disk is written
        directory.mkdir(parents=True, exist_ok=True)
        volatile = filter(None, map(_read_volatile, directory.glob("*.volatile")))
        durable = map(_read, directory.glob("*.json"))
        self._entries = {entry.digest: entry for found in (volatile, durable) for entry in found}

    @property
    def entries(self) -> Mapping[Digest, Entry]:
        """What is here, by digest; to be looked up, not to be gone through, for threads write here meanwhile."""
        return self._entries

    def all(self) -> tuple[Entry, ...]:
        """Return everything that is here now."""
        with self._memory:
            return tuple(self._entries.values())

    def put(self, entry: Entry) -> None:
        """Record an artefact; labels it had before are kept, and it is durable if it ever was."""
        with self._lock:
            before = self._entries.get(entry.digest)
            if before:
                boot = entry.boot if before.boot else ""
                entry = replace(entry, labels=entry.labels | before.labels, since=before.since, boot=boot)
            if entry != before:
                self._write(entry)

    def unlabel(self, digest: Digest, label: Label) -> bool:
        """Take a label away; tell whether the artefact has none left, in which case its entry is gone too."""
        with self._lock:
            entry = self._entries.get(digest)
            if entry is None or label not in entry.labels:
                return False
            if remaining := entry.labels - {label}:
                self._write(replace(entry, labels=remaining))
                return False
            self.drop(digest)
            return True

    def _write(self, entry: Entry) -> None:
        if entry.boot:
            write_atomically(self._volatile(entry.digest), entry.encode(), durable=False)
        else:
            write_atomically(self._durable(entry.digest), entry.encode())
            self._volatile(entry.digest).unlink(missing_ok=True)
        with self._memory:
            self._entries[entry.digest] = entry

    def drop(self, digest: Digest) -> None:
        """Forget an artefact."""
        with self._memory:
            self._entries.pop(digest, None)
        self._durable(digest).unlink(missing_ok=True)
        self._volatile(digest).unlink(missing_ok=True)

    def _durable(self, digest: Digest) -> Path:
        return self._directory / f"{hex_of(digest)}.json"

    def _volatile(self, digest: Digest) -> Path:
        # Not forced to disk either: after a power failure it may be torn, and is then passed over.
        return self._directory / f"{hex_of(digest)}.volatile"


def _read(path: Path) -> Entry:
    try:
        return _entry(canonical.loads(path.read_bytes(), limit=_LIMIT))
    except UsageError as error:
        raise StorageError(
            f"{path} is damaged: {error}", hint="Remove the file; the artefact is fetched again.", cause=error
        ) from error


def _read_volatile(path: Path) -> Entry | None:
    try:
        return _read(path)
    except StorageError:
        path.unlink()
        return None


def _entry(value: canonical.JSON) -> Entry:
    match value:
        case {
            "schema": "quorate.artifact/1",
            "digest": str(digest),
            "size": int(size),
            "since": int(since),
            "boot": str(boot),
            "labels": [*labels],
        }:
            found = frozenset(label_from_json(label) for label in labels if isinstance(label, dict))
            return Entry(digest=parse_digest(digest), size=size, labels=found, since=since, boot=boot)
        case _:
            raise UsageError(f"not a {_SCHEMA} document, or a part of it is missing or of another type")
