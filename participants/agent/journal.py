"""What the agent must not forget across a crash: one small file per round and data set, and the update beside it.

::

    STARTED ──▶ RESERVED ──▶ STORED ──▶ COMMITTED
       │            │           │
       └────────────┴───────────┴─────▶ GIVEN_UP

The secret that noise and sampling derive from is written before the charge is reserved, so that a restarted round
repeats the same release instead of making a second one; it is gone with COMMITTED and GIVEN_UP.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self

from gateway.artifacts.disk import storage_errors, sync_directory
from quorate import canonical
from quorate.digest import Digest, digest_stream, parse_digest
from quorate.errors import IntegrityError, StorageError, UsageError
from quorate.identifiers import parse_id, parse_round

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import BinaryIO

_SCHEMA: Final = "quorate.journal/1"
_LIMIT: Final = 16 * 1024
_SECRET_BYTES: Final = 32
_CHUNK: Final = 1 << 20
_FIELDS: Final = frozenset({"schema", "study", "round", "dataset", "base", "stage", "secret", "update", "reason"})


class Stage(StrEnum):
    """How far a round has come on this machine."""

    STARTED = "STARTED"
    RESERVED = "RESERVED"
    STORED = "STORED"
    COMMITTED = "COMMITTED"
    GIVEN_UP = "GIVEN_UP"

    @property
    def is_done(self) -> bool:
        """Tell whether nothing is left to do but to keep the bytes until the round ends."""
        return self in {Stage.COMMITTED, Stage.GIVEN_UP}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One round of one data set.

    Attributes
    ----------
    base
        The model that training starts from; no secret is ever used with two bases.
    secret
        32 bytes, or empty once the round is committed or given up. Never logged.
    update
        The digest of the update file, from STORED on.
    """

    study: str
    round: int
    dataset: str
    base: Digest
    stage: Stage
    secret: bytes
    update: Digest | None = None
    reason: str = ""

    def __repr__(self) -> str:
        return f"Entry({self.study} round {self.round} {self.dataset}: {self.stage})"

    @classmethod
    def begin(cls, *, study: str, round_: int, dataset: str, base: Digest) -> Self:
        """Return a new entry with a fresh secret."""
        return cls(
            study=parse_id(study),
            round=parse_round(round_),
            dataset=parse_id(dataset),
            base=parse_digest(base),
            stage=Stage.STARTED,
            secret=secrets.token_bytes(_SECRET_BYTES),
        )

    def encode(self) -> bytes:
        """Return the canonical bytes of the entry's file."""
        return canonical.dumps(
            {
                "schema": _SCHEMA,
                "study": self.study,
                "round": self.round,
                "dataset": self.dataset,
                "base": self.base,
                "stage": self.stage.value,
                "secret": self.secret.hex(),
                "update": self.update or "",
                "reason": self.reason,
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the entry of `encode`.

        Raises
        ------
        IntegrityError
            When the bytes are anything else.
        """
        try:
            entry = cls._of(canonical.require_canonical(data, limit=_LIMIT))
            _require_consistent(entry, data)
        except (UsageError, ValueError, KeyError, TypeError) as error:
            raise IntegrityError(
                f"a journal entry cannot be read: {error}",
                hint="Move the file away; the agent then gives that round up and goes on with the next.",
                cause=error,
            ) from error
        return entry

    @classmethod
    def _of(cls, value: canonical.JSON) -> Self:
        if not isinstance(value, dict) or value.keys() != _FIELDS or value["schema"] != _SCHEMA:
            raise UsageError(f"it is not a {_SCHEMA} document")
        number = value["round"]
        if not isinstance(number, int) or isinstance(number, bool):
            raise UsageError("its round is not a number")
        texts = {name: part for name, part in value.items() if isinstance(part, str)}
        return cls(
            study=parse_id(texts["study"]),
            round=parse_round(number),
            dataset=parse_id(texts["dataset"]),
            base=parse_digest(texts["base"]),
            stage=Stage(texts["stage"]),
            secret=bytes.fromhex(texts["secret"]),
            update=parse_digest(texts["update"]) if texts["update"] else None,
            reason=texts["reason"],
        )


class Journal:
    """The entries of one agent, in a directory that only its owner can read.

    Every write is a new file, forced to disk and renamed over the old one.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        with storage_errors(f"writing {directory}"):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            directory.chmod(0o700)
            for torn in directory.glob("*.part"):
                torn.unlink()

    def find(self, study: str, round_: int, dataset: str) -> Entry | None:
        """Return the entry of a round, or None."""
        return self._read(self._path(study, round_, dataset))

    def _read(self, path: Path) -> Entry | None:
        try:
            return Entry.decode(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}", cause=error) from error

    def record(self, entry: Entry) -> Entry:
        """Force an entry to disk; a done one loses its secret.

        Raises
        ------
        StorageError, NoSpaceError
            When it cannot be written; the entry before it is still there.
        """
        kept = replace(entry, secret=b"") if entry.stage.is_done else entry
        self._write(self._path(entry.study, entry.round, entry.dataset), lambda file: file.write(kept.encode()))
        return kept

    def store_update(self, entry: Entry, write: Callable[[BinaryIO], Digest]) -> Entry:
        """Write the update file with `write`, then the entry that names it."""
        found: list[Digest] = []
        self._write(self.update_path(entry), lambda file: found.append(write(file)))
        return self.record(replace(entry, stage=Stage.STORED, update=found[0]))

    def update_path(self, entry: Entry) -> Path:
        """Return where the entry's update file is."""
        return self._path(entry.study, entry.round, entry.dataset).with_suffix(".update")

    def holds_update(self, entry: Entry) -> bool:
        """Tell whether the update file is here, whole."""
        path = self.update_path(entry)
        if entry.update is None or not path.is_file():
            return False
        with path.open("rb") as file:
            return digest_stream(iter(lambda: file.read(_CHUNK), b"")) == entry.update

    def end(self, entry: Entry) -> None:
        """Forget what a round that has ended needs no more: its update file and its secret."""
        with storage_errors(f"writing {self.update_path(entry)}"):
            self.update_path(entry).unlink(missing_ok=True)
        if not entry.stage.is_done:
            self.record(replace(entry, stage=Stage.GIVEN_UP, reason="ended"))

    def end_before(self, study: str, round_: int, dataset: str) -> None:
        """Forget the same of all earlier rounds: a round is opened only when the one before it has ended."""
        for path in self._directory.glob(f"{parse_id(study)}~*~{parse_id(dataset)}.json"):
            entry = self._read(path)
            if entry is not None and entry.round < round_:
                self.end(entry)

    def _path(self, study: str, round_: int, dataset: str) -> Path:
        # No separator of an id can be "~", so two rounds never share a name.
        return self._directory / f"{parse_id(study)}~{parse_round(round_):06d}~{parse_id(dataset)}.json"

    def _write(self, path: Path, fill: Callable[[BinaryIO], object]) -> None:
        part = path.with_name(path.name + ".part")
        with storage_errors(f"writing {path}"):
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    fill(file)
                    file.flush()
                    os.fsync(file.fileno())
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            part.replace(path)
            sync_directory(self._directory)


def _require_consistent(entry: Entry, data: bytes) -> None:
    if entry.encode() != data:
        raise UsageError("it is not spelled as it was written")
    if len(entry.secret) != (0 if entry.stage.is_done else _SECRET_BYTES):
        raise UsageError(f"stage {entry.stage} does not go with a secret of {len(entry.secret)} bytes")
    if entry.stage is Stage.STORED and entry.update is None:
        raise UsageError("its stage is STORED, and it names no update")
