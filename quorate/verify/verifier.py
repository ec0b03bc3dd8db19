"""Verifies an evidence bundle, step by step; what a step found is the ground that the next one stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quorate.digest import parse_digest
from quorate.errors import UsageError
from quorate.verify.bundle import names
from quorate.verify.bundle.reader import open_bundle
from quorate.verify.errors import Fault, VerificationError
from quorate.verify.findings import Findings, at
from quorate.verify.progress import Progress, no_progress
from quorate.verify.report import Step
from quorate.verify.steps.artifacts import verify_artifacts
from quorate.verify.steps.chain import verify_chain, verify_genesis
from quorate.verify.steps.contents import verify_contents
from quorate.verify.steps.ledger import verify_ledger
from quorate.verify.steps.timestamps import parse_roots, verify_timestamps

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.x509 import Certificate

    from quorate.digest import Digest
    from quorate.verify.bundle.manifest import Manifest
    from quorate.verify.checkpoint import Checkpoint
    from quorate.verify.report import Report
    from quorate.verify.steps.chain import Chain


def verify_bundle(
    path: Path,
    *,
    genesis: str | None = None,
    trust_bundle_genesis: bool = False,
    known: Checkpoint | None = None,
    timestamp_roots: bytes = b"",
    first_failure_only: bool = False,
    progress: Progress = no_progress,
) -> Report:
    """Verify an evidence bundle and return what was verified and what was not checked.

    Parameters
    ----------
    path
        A ``.qeb`` file or a directory.
    genesis
        Digest of the ledger's first header, known from elsewhere than the bundle.
    trust_bundle_genesis
        Take the bundle's own genesis instead. Then the report says that nothing ties it to a ledger you know.
    known
        What was verified of this ledger before; it pins the genesis too. Signatures up to there are not verified again.
    timestamp_roots
        PEM of the time-stamping authorities (RFC 3161) that are trusted; without any, tokens are not checked.
    first_failure_only
        End with the first failure instead of going on with what does not rest on it.
    progress
        Is told how far each step has come.

    Raises
    ------
    VerificationError
        When the evidence does not hold; it carries the report.
    UsageError
        When no genesis is pinned, or there is no such bundle.
    StorageError
        When it cannot be read.
    """
    if known is not None and genesis is None:
        genesis = known.genesis
    if genesis is None and not trust_bundle_genesis:
        raise UsageError(
            "no genesis is pinned, and the bundle alone cannot tell which ledger it is of",
            hint="Ask another member than the exporter for the digest, and name it with --genesis sha256:…; "
            "--trust-bundle-genesis takes the bundle's own, which shows less.",
        )
    if genesis is not None and trust_bundle_genesis:
        raise UsageError(
            "a pinned genesis and trust in the bundle's own exclude each other",
            hint="Leave out --trust-bundle-genesis, unless nobody else can tell you the digest.",
        )
    pin = None if genesis is None else parse_digest(genesis)
    roots = parse_roots(timestamp_roots) if timestamp_roots else ()
    findings = Findings(first_only=first_failure_only)
    if not path.exists():
        raise UsageError(f"there is no bundle {path}")
    try:
        _verify(path, _Known(pin, known, roots), findings, progress)
    except Fault as fault:
        findings.end(fault)
    report = findings.report()
    if report.failed:
        raise VerificationError(report)
    return report


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known from elsewhere than the bundle."""

    pin: Digest | None
    checkpoint: Checkpoint | None
    roots: tuple[Certificate, ...]


def _verify(path: Path, known: _Known, findings: Findings, progress: Progress) -> None:
    with at(Step.BOUNDS, path.name or str(path)):
        bundle = open_bundle(path)
    manifest = verify_contents(bundle, findings)
    if known.checkpoint is not None:
        _require_same(manifest, known.checkpoint)
    verify_genesis(bundle, manifest, known.pin, findings)
    chain = verify_chain(bundle, manifest, findings, progress, known.checkpoint)
    findings.verified(Step.HEADERS, _about(manifest))
    verify_timestamps(bundle, chain, known.roots, findings)
    world = verify_ledger(bundle, manifest, chain, findings, progress=progress, known=known.checkpoint)
    if world is not None:
        verify_artifacts(bundle, world, findings, progress)
    _say_what_nobody_checked(manifest, chain, findings)


def _require_same(manifest: Manifest, known: Checkpoint) -> None:
    if manifest.scope.kind != "ledger":
        raise UsageError("a checkpoint helps with bundles of the whole ledger only")
    if (manifest.channel, manifest.chaincode) != (known.channel, known.chaincode):
        raise UsageError(f"the checkpoint is of {known.chaincode} on {known.channel}, and the bundle of another")


def _about(manifest: Manifest) -> str:
    """Return what this is evidence of: a channel may have several chaincodes that keep such records."""
    return (
        f"this is evidence of {manifest.scope.words} as the chaincode {manifest.chaincode!r} has it on the channel "
        f"{manifest.channel!r} up to block {manifest.height - 1}, exported by {manifest.exporter.msp}"
    )


def _say_what_nobody_checked(manifest: Manifest, chain: Chain, findings: Findings) -> None:
    if manifest.scope.kind != "ledger" and chain.has_one_orderers_word:
        findings.not_checked(
            Step.HEADERS,
            "that no update of the configuration is left out, by which members or certificates came or went",
            why="one orderer alone signed which configuration is in force, and not all blocks are here",
        )
    findings.not_checked(
        Step.BOUNDS,
        f"what {names.REPORT} and the manifest's versions of software say",
        why=f"{manifest.exporter.msp} wrote them for people, and nothing on the ledger speaks of them",
    )
    if manifest.development:
        why = "block 0 carries the marker of the embedded network: one process held every organisation's keys"
        findings.not_checked(Step.GENESIS, "that the organisations ran nodes of their own", why=why)
