"""Verifies an evidence bundle, step by step; what a step found is the ground that the next one stands on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.digest import parse_digest
from quorate.errors import UsageError
from quorate.verify.bundle import names
from quorate.verify.bundle.reader import open_bundle
from quorate.verify.errors import Fault, VerificationError
from quorate.verify.findings import Findings, at
from quorate.verify.report import Step
from quorate.verify.steps.artifacts import verify_artifacts
from quorate.verify.steps.blocks import verify_block
from quorate.verify.steps.chain import verify_chain, verify_genesis
from quorate.verify.steps.commitment import Commitments
from quorate.verify.steps.contents import verify_contents
from quorate.verify.steps.history import History
from quorate.verify.steps.transactions import Transactions
from quorate.verify.wording import count

if TYPE_CHECKING:
    from pathlib import Path

    from quorate.digest import Digest
    from quorate.verify.bundle.manifest import Manifest
    from quorate.verify.bundle.reader import Bundle
    from quorate.verify.replay.world import World
    from quorate.verify.report import Report
    from quorate.verify.steps.chain import Chain


def verify_bundle(path: Path, *, genesis: str | None = None, trust_bundle_genesis: bool = False) -> Report:
    """Verify an evidence bundle and return what was verified and what was not checked.

    Parameters
    ----------
    path
        A ``.qeb`` file or a directory.
    genesis
        Digest of the ledger's first header, known from elsewhere than the bundle.
    trust_bundle_genesis
        Take the bundle's own genesis instead. Then the report says that nothing ties it to a ledger you know.

    Raises
    ------
    VerificationError
        When the evidence does not hold; it carries the report.
    UsageError
        When no genesis is pinned, or there is no such bundle.
    StorageError
        When it cannot be read.
    """
    if (genesis is None) != trust_bundle_genesis:
        raise UsageError(
            "the genesis is either pinned or taken from the bundle",
            hint="Pin it with --genesis sha256:…; ask another member than the exporter for it.",
        )
    pin = None if genesis is None else parse_digest(genesis)
    findings = Findings()
    if not path.exists():
        raise UsageError(f"there is no bundle {path}")
    try:
        _verify(path, pin, findings)
    except Fault as fault:
        findings.failed(fault)
        raise VerificationError(findings.report()) from fault
    return findings.report()


def _verify(path: Path, pin: Digest | None, findings: Findings) -> None:
    with at(Step.BOUNDS, path.name or str(path)):
        bundle = open_bundle(path)
    manifest = verify_contents(bundle, findings)
    verify_genesis(bundle, manifest, pin, findings)
    chain = verify_chain(bundle, manifest, findings)
    world = _verify_blocks(bundle, manifest, chain, findings)
    verify_artifacts(bundle, world, findings)
    _say_what_nobody_checked(manifest, findings)


def _verify_blocks(bundle: Bundle, manifest: Manifest, chain: Chain, findings: Findings) -> World:
    """Take the whole blocks in their order through steps 4, 5 and 7, one in memory at a time."""
    numbers = [names.block_number(name) for name in bundle.members if names.is_block(name)]
    missing = next((number for number, found in enumerate(numbers) if number != found), len(numbers))
    if manifest.scope.kind == "ledger" and missing < manifest.height:
        raise Fault(Step.BLOCKS, names.block_name(missing), "the whole ledger is in scope, and this block is missing")
    transactions = Transactions(chain.config_blocks)
    commitments = Commitments(is_whole=manifest.scope.kind == "ledger")
    with bundle.open(names.EVENTS) as events:
        history = History(bundle, manifest, events)
        for number in numbers:
            block = verify_block(bundle, chain, number)
            applied = list(transactions.verify(block, chain.config_at(number)))
            commitments.take(block, applied)
            for found in applied:
                history.take(found)
        findings.verified(Step.BLOCKS, f"{count(len(numbers), 'whole block')} as the headers demand, entry by entry")
        transactions.conclude(findings)
        commitments.conclude(findings)
        history.conclude(findings)
    return history.world


def _say_what_nobody_checked(manifest: Manifest, findings: Findings) -> None:
    if manifest.development:
        why = "block 0 carries the marker of the embedded network: one process held every organisation's keys"
        findings.not_checked(Step.GENESIS, "that the organisations ran nodes of their own", why=why)
    findings.not_checked(
        Step.WITNESSES,
        "that there is no fork and nothing newer, and when transactions were seen",
        why="this version reads no statements of other organisations; times are those that submitters claimed",
    )
