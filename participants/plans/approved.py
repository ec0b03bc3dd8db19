"""The plans that the local operator approved: the content-addressed copies that code is loaded from.

Approval is the barrier against hostile plans: an approved plan runs with the trainer's rights and reads the records.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from participants.plans.document import DOCUMENT_LIMIT, parse_document
from participants.plans.errors import PlanNotApprovedError
from quorate.digest import Digest, digest_of, hex_of, parse_digest
from quorate.errors import IntegrityError, NoSpaceError, NotFoundError, StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PENDING: Final = "pending"
_APPROVED: Final = "approved"
_ENOSPC: Final = 28


class Approval(Protocol):
    """Who answers for running a plan's code."""

    def require(self, digest: Digest) -> None:
        """Return when the digest is approved, raise `PlanNotApprovedError` otherwise."""


class AuthorsOwn:
    """The approval of an author who tries an own plan on an own machine: everything that the author hands in."""

    def require(self, digest: Digest) -> None:
        """Return: the author answers for the code."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One plan in the store."""

    digest: Digest
    name: str
    entry_point: str
    approved: bool


class ApprovedPlans:
    """A directory of plan documents by digest: those that wait for the operator, and those the operator approved.

    Parameters
    ----------
    directory
        Created when something is first written. A file appears whole or not at all, also after a crash.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def offer(self, document: bytes) -> Digest:
        """Keep a document for the operator to read, without approving it.

        Raises
        ------
        PlanDocumentError, StorageError
            When it is no plan document, or cannot be written.
        """
        parse_document(document)
        return self._write(_PENDING, document)

    def withdraw(self, digest: Digest) -> None:
        """Forget a document that was offered; one that was approved stays.

        Raises
        ------
        StorageError
            When it cannot be removed.
        """
        path = self._path(_PENDING, digest)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path} cannot be removed: {error.strerror}") from error

    def holds(self, digest: Digest) -> bool:
        """Tell whether a plan was offered or approved here."""
        return any(self._path(state, digest).is_file() for state in (_PENDING, _APPROVED))

    def approve(self, digest: Digest, document: bytes | None = None) -> Digest:
        """Approve a plan by its digest. Approving it again changes nothing.

        Parameters
        ----------
        digest
            What the operator says they have read.
        document
            The plan's bytes; by default those offered before.

        Raises
        ------
        NotFoundError
            When no document was given or offered.
        IntegrityError
            When the document's digest is another.
        """
        data = self._read(_PENDING, digest) if document is None else document
        if digest_of(data) != digest:
            raise IntegrityError(
                f"the document's digest is {digest_of(data)}, not {digest}",
                hint="It is another plan, or was changed; approve none but the one that the study's terms name.",
            )
        parse_document(data)
        return self._write(_APPROVED, data)

    def require(self, digest: Digest) -> None:
        """Return when the digest is approved and its copy intact.

        Raises
        ------
        PlanNotApprovedError, IntegrityError
        """
        self.document(digest)

    def document(self, digest: Digest) -> bytes:
        """Return the approved copy of a plan.

        Raises
        ------
        PlanNotApprovedError, IntegrityError
            When the digest is not approved; when the copy was altered.
        """
        try:
            return self._read(_APPROVED, digest)
        except NotFoundError as error:
            raise PlanNotApprovedError(
                f"the plan {digest} is not approved here",
                hint=f"Read the plan, then run `quorate plan approve {digest}`.",
            ) from error

    def list(self) -> list[Entry]:
        """Return all plans, in the order of their digests; a plan both offered and approved is listed once."""
        found = dict.fromkeys(self._digests(_PENDING), False)
        found |= dict.fromkeys(self._digests(_APPROVED), True)
        return [self._entry(digest, approved=approved) for digest, approved in sorted(found.items())]

    def _entry(self, digest: Digest, *, approved: bool) -> Entry:
        plan = parse_document(self._read(_APPROVED if approved else _PENDING, digest))
        return Entry(digest=digest, name=plan.name, entry_point=plan.entry_point, approved=approved)

    def _path(self, state: str, digest: Digest) -> Path:
        return self.directory / state / f"{hex_of(parse_digest(digest))}.json"

    def _digests(self, state: str) -> Iterator[Digest]:
        for path in (self.directory / state).glob("*.json"):
            yield parse_digest(f"sha256:{path.stem}")

    def _read(self, state: str, digest: Digest) -> bytes:
        path = self._path(state, digest)
        try:
            with path.open("rb") as file:
                data = file.read(DOCUMENT_LIMIT + 1)
        except FileNotFoundError as error:
            raise NotFoundError(
                f"no plan {digest} is {state} in {self.directory}",
                hint="Name its document with --plan, or the agent's directory of plans with --store.",
            ) from error
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}") from error
        if digest_of(data) != digest:
            raise IntegrityError(f"{path} was altered: its digest is no longer its name")
        return data

    def _write(self, state: str, data: bytes) -> Digest:
        digest = digest_of(data)
        path = self._path(state, digest)
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_whole(path, data)
        except OSError as error:
            kind = NoSpaceError if error.errno == _ENOSPC else StorageError
            raise kind(f"{path} cannot be written: {error.strerror}") from error
        return digest


def _write_whole(path: Path, data: bytes) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
