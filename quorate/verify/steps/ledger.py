"""Takes the whole blocks in their order through steps 4 to 7, one in memory at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from quorate.blocks.lifecycle import NAMESPACE as LIFECYCLE
from quorate.blocks.validation.validator import Validator
from quorate.records.common import make
from quorate.verify.bundle import names
from quorate.verify.checkpoint import Checkpoint
from quorate.verify.errors import Fault
from quorate.verify.findings import Findings, at
from quorate.verify.report import Step
from quorate.verify.steps.blocks import verify_block
from quorate.verify.steps.chain import say_doubts
from quorate.verify.steps.commitment import Commitments
from quorate.verify.steps.history import History
from quorate.verify.steps.transactions import Transactions
from quorate.verify.steps.witnesses import Witnesses
from quorate.verify.wording import count

if TYPE_CHECKING:
    from quorate.blocks.block import Block
    from quorate.verify.bundle.manifest import Manifest
    from quorate.verify.bundle.reader import Bundle
    from quorate.verify.progress import Progress
    from quorate.verify.replay.world import World
    from quorate.verify.steps.chain import Chain


def verify_ledger(
    bundle: Bundle,
    manifest: Manifest,
    chain: Chain,
    findings: Findings,
    *,
    progress: Progress,
    known: Checkpoint | None,
) -> World | None:
    """Return the state that the chaincode's transactions lead to, None when it is not known.

    Up to a checkpoint blocks are taken at their word, which must lead to the commit hash that was verified before.
    """
    numbers = [names.block_number(name) for name in bundle.members if names.is_block(name)]
    if manifest.scope.kind == "ledger":
        present = set(numbers)
        for number in (found for found in range(manifest.height) if found not in present):
            message = "the whole ledger is in scope, and this block is missing"
            findings.failed(Fault(Step.BLOCKS, names.block_name(number), message))
    with _Walk(bundle, manifest, chain, findings, known) as walk:
        for done, number in enumerate(numbers):
            walk.take(number)
            progress(Step.BLOCKS, done + 1, len(numbers))
        return walk.conclude(len(numbers))


class _Walk:
    """The steps, side by side; what rests on a block that does not hold is given up."""

    def __init__(
        self, bundle: Bundle, manifest: Manifest, chain: Chain, findings: Findings, known: Checkpoint | None
    ) -> None:
        whole = manifest.scope.kind == "ledger"
        validator = Validator(whole=whole, ours=frozenset({manifest.chaincode, LIFECYCLE}))
        self._bundle = bundle
        self._chain = chain
        self._findings = findings
        self._manifest = manifest
        self._known = known
        self._transactions = Transactions(validator, chain.config_blocks, findings)
        self._commitments = Commitments(is_whole=whole, findings=findings)
        self._events = bundle.open(names.EVENTS)
        self._history = History(bundle, manifest, self._events, findings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._events.close()

    def take(self, number: int) -> None:
        block = None
        with self._findings.catching(Step.BLOCKS, names.block_name(number)):
            block = verify_block(self._bundle, self._chain, number)
        if block is not None and not self._findings.has_failed(Step.BLOCKS):
            self._follow(block)

    def conclude(self, blocks: int) -> World | None:
        findings = self._findings
        findings.verified(Step.BLOCKS, f"{count(blocks, 'whole block')} as the headers demand, entry by entry")
        if findings.has_failed(Step.BLOCKS):
            say_doubts(self._chain, findings, vouched=False)
            why = "a block before them is missing or altered, and what they are worth rests on it"
            findings.not_checked(Step.TRANSACTIONS, "transactions behind the first block that does not hold", why=why)
            return None
        witnesses = Witnesses(self._bundle, self._manifest, self._chain, self._commitments)
        witnesses.verify(findings)
        say_doubts(self._chain, findings, vouched=witnesses.rule_out_fork)
        vouched = witnesses.vouch_for_all(sorted(self._transactions.undecided))
        self._transactions.conclude(findings, self._chain.configs, vouched=vouched)
        self._commitments.conclude(findings)
        self._history.conclude(findings)
        self._remember(findings)
        return self._history.world

    def _remember(self, findings: Findings) -> None:
        height = len(self._chain.headers)
        if height - 1 in self._commitments.hashes:
            findings.checkpoint = make(
                Checkpoint,
                channel=self._manifest.channel,
                chaincode=self._manifest.chaincode,
                genesis=self._chain.headers[0].digest,
                height=height,
                header=self._chain.headers[-1].digest,
                commit_hash=self._commitments.hashes[height - 1].hex(),
            )

    def _follow(self, block: Block) -> None:
        number = block.header.number
        if number == 0:
            self._transactions.begin(block)
            self._commitments.begin(block)
            return
        config = self._chain.config_at(number)
        if self._known is not None and number < self._known.height:
            with at(Step.VALIDITY, names.block_name(number)):
                decided, applied = self._transactions.accept(block, config)
            self._commitments.take(block, decided)
            if number == self._known.height - 1:
                self._require_known(number, self._known)
        else:
            decided, applied = self._transactions.verify(block, config)
            self._commitments.take(block, decided)
        for found in applied:
            self._history.take(found)

    def _require_known(self, number: int, known: Checkpoint) -> None:
        found = self._commitments.hashes.get(number, b"").hex()
        if found != known.commit_hash:
            message = f"codes and writes lead to the commit hash {found}, and {known.commit_hash} was verified before"
            raise Fault(Step.VALIDITY, names.block_name(number), message)
