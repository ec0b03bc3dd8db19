"""Steps 5 and 6: what every transaction is worth, decided again from signatures, policies and what it read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.block import TRANSACTIONS_FILTER
from quorate.blocks.codes import TxValidationCode
from quorate.verify.errors import Fault
from quorate.verify.report import Step
from quorate.verify.steps.signatories import Signatories
from quorate.verify.steps.sole import SoleEndorsers
from quorate.verify.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.blocks.block import Block
    from quorate.blocks.config import ChannelConfig
    from quorate.blocks.identity import Identity
    from quorate.blocks.transaction import Action, Transaction
    from quorate.blocks.validation.decision import Decided, Decision
    from quorate.blocks.validation.validator import Validator
    from quorate.verify.findings import Findings

_STATE: Final = frozenset(
    {
        TxValidationCode.MVCC_READ_CONFLICT,
        TxValidationCode.PHANTOM_READ_CONFLICT,
        TxValidationCode.DUPLICATE_TXID,
    }
)
"""What is decided by the state, and not by the transaction itself."""

_SHOWN: Final = 20


@dataclass(frozen=True, slots=True)
class Applied:
    """A transaction that counted: an endorser transaction, verified."""

    block: int
    index: int
    transaction: Transaction
    action: Action
    creator: Identity
    config: ChannelConfig

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return place_of(self.block, self.index)


def place_of(block: int, index: int) -> str:
    """Return where a transaction stands, for people."""
    return f"block {block}, transaction {index}"


class Transactions:
    """Compares the validation codes of a ledger with those that the rules lead to.

    Parameters
    ----------
    validator
        Fresh; it follows the blocks.
    config_blocks
        The numbers of the blocks that carry a configuration.
    findings
        What is not right goes there.
    """

    def __init__(self, validator: Validator, config_blocks: frozenset[int], findings: Findings) -> None:
        self._validator = validator
        self._config_blocks = config_blocks
        self._findings = findings
        self.undecided: set[int] = set()
        """Blocks with transactions of which the rules leave open whether they counted."""
        self._sole = SoleEndorsers()
        self._signatories = Signatories()
        self._doubts: dict[str, str] = {}
        """Where it rests on a certificate that programs read differently, and what is odd about it."""
        self._codes: Counter[TxValidationCode] = Counter()
        self._endorsements = self._configs = self._undecided = self._accepted = 0

    def verify(self, block: Block, config: ChannelConfig) -> tuple[Decided, list[Applied]]:
        """Return what a block's transactions are worth, and those that counted."""
        number = block.header.number
        decided = self._validator.decide(block, config)
        applied = []
        for decision, raw in zip(decided.decisions, block.slot(TRANSACTIONS_FILTER), strict=True):
            self._compare(number, decision, raw)
            found = self._take(number, decision, config)
            if found is not None:
                applied.append(found)
        return decided, applied

    def accept(self, block: Block, config: ChannelConfig) -> tuple[Decided, list[Applied]]:
        """Return a block's own word on its transactions, and those that counted; the block was verified before."""
        decided = self._validator.accept(block, config)
        found = [self._take(block.header.number, decision, config) for decision in decided.decisions]
        self._accepted += len(decided.decisions)
        return decided, [applied for applied in found if applied is not None]

    def begin(self, block: Block) -> None:
        """Take over the first block, whose configuration counts."""
        for index, code in enumerate(block.codes):
            if code is not TxValidationCode.VALID:
                message = f"it is marked as {code.name}, and the first block's configuration is in force"
                self._findings.failed(Fault(Step.VALIDITY, place_of(0, index), message))
        self._validator.found()
        self._configs += 1

    def conclude(self, findings: Findings, configs: Sequence[tuple[int, ChannelConfig]], *, vouched: bool) -> None:
        """Say what was found.

        Parameters
        ----------
        configs
            Every configuration, with the block that brought it.
        vouched
            Whether enough members vouch for the codes that the rules leave open.
        """
        valid = self._codes[TxValidationCode.VALID]
        findings.verified(
            Step.TRANSACTIONS,
            f"{count(valid, 'transaction')} with the id, creator, signature and endorsements "
            f"({self._endorsements} in all) that the policies in force demanded; beside them "
            f"{count(self._configs, 'configuration')}",
        )
        self._signatories.conclude(configs, findings)
        if self._sole.found:
            who = ", ".join(f"{msp_id} for {namespace}" for namespace, msp_id in sorted(self._sole.found))
            why = f"the endorsement policy in force was satisfied by one organisation alone: {who}"
            findings.not_checked(Step.TRANSACTIONS, "that no single member decided what is on the ledger", why=why)
        decided = sum(self._codes.values()) - self._undecided
        rest = ", ".join(f"{number} {code.name}" for code, number in sorted(self._codes.items()) if code)
        findings.verified(
            Step.VALIDITY,
            f"{count(decided, 'validation code')} derived again from signatures, policies and what was read: "
            f"{valid} VALID{', ' if rest else ''}{rest}"
            f"{f'; {self._accepted} more are those that were derived before' if self._accepted else ''}",
        )
        if self._undecided and vouched:
            findings.verified(
                Step.VALIDITY,
                f"{count(self._undecided, 'validation code')} more cannot be derived from the bundle; commit hashes of "
                f"a majority of members stand in: their peers decided the same",
            )
        elif self._doubts:
            shown = "; ".join(f"{place}, {doubt}" for place, doubt in list(self._doubts.items())[:_SHOWN])
            why = (
                f"it rests on certificates that not every peer need read alike: {shown}; commit hashes of a majority "
                f"of members would stand in for it, and there are none"
            )
            message = f"that {count(len(self._doubts), 'transaction')} rightly counted or did not"
            findings.not_checked(Step.VALIDITY, message, why=why)
        if self._undecided > len(self._doubts) and not vouched:
            why = (
                "the bundle does not hold all that decides: earlier blocks, a chaincode's own validation plugin, or "
                "whether peers keep their state in CouchDB, which refuses some keys; commit hashes of a majority of "
                "members would stand in for it, and there are none"
            )
            message = f"that {count(self._undecided - len(self._doubts), 'transaction')} rightly counted or did not"
            findings.not_checked(Step.VALIDITY, message, why=why)

    def _compare(self, number: int, decision: Decision, raw: int) -> None:
        place = place_of(number, decision.index)
        self._codes[decision.code] += 1
        if decision.is_open:
            self._undecided += 1
            self.undecided.add(number)
            if decision.doubts:
                self._doubts[place] = " and ".join(decision.doubts)
        if raw != decision.recorded:
            self._findings.failed(Fault(Step.VALIDITY, place, f"no validation code has the number {raw}"))
        elif not decision.agrees:
            self._findings.failed(_disagreement(place, decision))

    def _take(self, number: int, decision: Decision, config: ChannelConfig) -> Applied | None:
        transaction, creator = decision.transaction, decision.creator
        if not decision.counts or transaction is None or creator is None:
            return None
        self._signatories.take((creator, *decision.endorsers), number)
        if transaction.action is None:
            self._configs += 1
            if transaction.kind != protos.HeaderType.CONFIG or number not in self._config_blocks:
                message = f"a transaction of type {transaction.kind} cannot have been valid"
                self._findings.failed(Fault(Step.TRANSACTIONS, place_of(number, decision.index), message))
            return None
        self._sole.take(transaction.action, list(decision.endorsers), config, self._validator.definitions)
        self._endorsements += len(decision.endorsers)
        return Applied(number, decision.index, transaction, transaction.action, creator, config)


def _disagreement(place: str, decision: Decision) -> Fault:
    names = " or ".join(sorted(code.name for code in decision.possible))
    if decision.recorded is TxValidationCode.VALID:
        step = Step.VALIDITY if decision.possible <= _STATE else Step.TRANSACTIONS
        return Fault(step, place, f"it is marked as valid, and it is {names}: {decision.reason}")
    why = f": {decision.reason}" if decision.reason else ""
    return Fault(Step.VALIDITY, place, f"it is marked as {decision.recorded.name}, and it is {names}{why}")
