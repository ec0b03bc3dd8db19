"""A bundle that was verified, opened for the facts that are read from it."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.audit.trail.bundle import read_bundle
from quorate.digest import digest_of
from quorate.verify import verify_bundle
from quorate.verify.bundle import names
from quorate.verify.bundle.manifest import MAX_MANIFEST, Manifest
from quorate.verify.bundle.reader import open_bundle

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.audit.trail import Trail
    from gateway.audit.trail.questions.registry import Memory
    from quorate.digest import Digest
    from quorate.verify import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What facts are read from.

    Attributes
    ----------
    seal
        Digest of the manifest, which names every other file by its digest: it stands for the whole bundle.
    verified
        What the verifier found, and what it could not check.
    memory
        What else the bundle holds, as questions ask it.
    """

    name: str
    seal: Digest
    manifest: Manifest
    verified: Report
    trail: Trail
    memory: Memory

    @property
    def is_whole(self) -> bool:
        """Whether every block is there, so that totals and absences can be told."""
        return self.manifest.scope.kind == "ledger"

    def files(self, folder: str) -> list[str]:
        """Return the names of the files in a folder of the bundle."""
        return [found.name for found in self.manifest.files if found.name.startswith(f"{folder}/")]


@contextmanager
def verified_evidence(bundle: Path, *, genesis: str | None, trust_bundle_genesis: bool = False) -> Iterator[Evidence]:
    """Verify a bundle, and hold it open.

    Raises
    ------
    VerificationError
        When the evidence does not hold.
    UsageError
        When no genesis is pinned, or there is no such bundle.
    QuorateError
        When it cannot be read.
    """
    report = verify_bundle(bundle, genesis=genesis, trust_bundle_genesis=trust_bundle_genesis)
    sealed = open_bundle(bundle).read(names.MANIFEST)
    trail, memory = read_bundle(bundle)
    try:
        yield Evidence(
            name=bundle.name or str(bundle),
            seal=digest_of(sealed),
            manifest=Manifest.parse(sealed, limit=MAX_MANIFEST),
            verified=report,
            trail=trail,
            memory=memory,
        )
    finally:
        trail.close()
