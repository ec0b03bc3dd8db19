"""Step 5: every transaction that counted was made by its creator and endorsed as its chaincode's policy demands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.endorsement import endorsers_of, verify_creator, verify_policies
from quorate.blocks.errors import BlockError
from quorate.blocks.lifecycle import Definitions
from quorate.blocks.transaction import decode_transaction
from quorate.verify.findings import Findings, at
from quorate.verify.report import Step
from quorate.verify.steps.sole import SoleEndorsers
from quorate.verify.wording import count

if TYPE_CHECKING:
    from collections.abc import Iterator

    from quorate.blocks.block import Block
    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.msp import Identity
    from quorate.blocks.transaction import Action, Transaction

_STEP = Step.TRANSACTIONS


@dataclass(frozen=True, slots=True)
class Applied:
    """A transaction that counted: an endorser transaction, verified."""

    block: int
    index: int
    transaction: Transaction
    action: Action
    creator: Identity

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return place_of(self.block, self.index)


def place_of(block: int, index: int) -> str:
    """Return where a transaction stands, for people."""
    return f"block {block}, transaction {index}"


class Transactions:
    """Verifies transactions block by block, with the chaincode definitions committed so far.

    Parameters
    ----------
    config_blocks
        The numbers of the blocks that carry a configuration.
    """

    def __init__(self, config_blocks: frozenset[int]) -> None:
        self._config_blocks = config_blocks
        self._definitions = Definitions()
        self._seen: set[str] = set()
        self._sole = SoleEndorsers()
        self._verified = self._endorsements = self._configs = self._without_effect = 0

    def verify(self, block: Block, config: ChannelConfig) -> Iterator[Applied]:
        """Yield the endorser transactions of a block that counted, each verified."""
        applied = []
        for index, (entry, code) in enumerate(zip(block.entries, block.codes, strict=True)):
            if code is not TxValidationCode.VALID:
                self._without_effect += 1
                continue
            place = place_of(block.header.number, index)
            with at(_STEP, place):
                found = self._verify(block.header.number, index, entry, config)
            if found is not None:
                applied.append(found)
                yield found
        for found in applied:
            # A definition holds from the next block on: this one was validated against the state before it.
            with at(_STEP, found.place):
                self._definitions.apply(found.action.sets)

    def conclude(self, findings: Findings) -> None:
        """Say what was found."""
        findings.verified(
            _STEP,
            f"{count(self._verified, 'transaction')} with the id, creator, signature and endorsements "
            f"({self._endorsements} in all) that the policies in force demanded; beside them "
            f"{count(self._configs, 'configuration')}",
        )
        if self._sole.found:
            who = ", ".join(f"{msp_id} for {namespace}" for namespace, msp_id in sorted(self._sole.found))
            why = f"the endorsement policy in force was satisfied by one organisation alone: {who}"
            findings.not_checked(_STEP, "that no single member decided what is on the ledger", why=why)
        if self._without_effect:
            why = "the peer that gave the blocks out marked them invalid, and nobody signs such marks"
            findings.not_checked(
                Step.VALIDITY, f"that {count(self._without_effect, 'transaction')} rightly had no effect", why=why
            )

    def _verify(self, number: int, index: int, entry: bytes, config: ChannelConfig) -> Applied | None:
        transaction = decode_transaction(entry)
        if transaction.channel != config.channel:
            raise BlockError(f"the transaction is for the channel {transaction.channel[:80]!r}")
        if transaction.action is None:
            if transaction.kind != protos.HeaderType.CONFIG or number not in self._config_blocks:
                raise BlockError(f"a transaction of type {transaction.kind} cannot have been valid")
            self._configs += 1
            return None
        self._require_new(transaction)
        creator = verify_creator(transaction, config)
        endorsers = endorsers_of(transaction.action, config)
        verify_policies(transaction.action, endorsers, config, self._definitions)
        self._sole.take(transaction.action, endorsers, config, self._definitions)
        self._verified += 1
        self._endorsements += len(endorsers)
        return Applied(number, index, transaction, transaction.action, creator)

    def _require_new(self, transaction: Transaction) -> None:
        if transaction.tx_id in self._seen:
            raise BlockError(f"the transaction {transaction.tx_id} counted twice")
        self._seen.add(transaction.tx_id)
