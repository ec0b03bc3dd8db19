"""What the rules say about the transactions of a block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from quorate.blocks.codes import TxValidationCode

if TYPE_CHECKING:
    from quorate.blocks.identity import Identity
    from quorate.blocks.transaction import Transaction
    from quorate.blocks.validation.state import Place, Versioned


@dataclass(frozen=True, slots=True)
class Decision:
    """What the rules say about one transaction, beside what the block says.

    Attributes
    ----------
    code
        The block's own when the rules allow it, else the one that they lead to.
    possible
        The codes that the rules allow; more than one where the bundle does not hold what decides, or peers may differ.
    reason
        Why it does not count, empty when it does.
    transaction, creator, endorsers
        As far as the transaction could be read: of one that counts, all of it.
    """

    index: int
    recorded: TxValidationCode
    code: TxValidationCode
    possible: frozenset[TxValidationCode]
    reason: str
    transaction: Transaction | None
    creator: Identity | None
    endorsers: tuple[Identity, ...]

    @property
    def agrees(self) -> bool:
        """Whether the block says what the rules allow."""
        return self.recorded in self.possible

    @property
    def is_open(self) -> bool:
        """Whether the rules allow more than one code."""
        return len(self.possible) > 1

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why peers may not have taken creator or endorsers for members."""
        known = (self.creator, *self.endorsers) if self.creator else self.endorsers
        return tuple(f"{found.msp_id}'s: {found.doubt}" for found in known if found.doubt)

    @property
    def counts(self) -> bool:
        """Whether the transaction had its effect."""
        return self.code is TxValidationCode.VALID


@dataclass(frozen=True, slots=True)
class Decided:
    """A block's decisions, and what the transactions that counted changed."""

    decisions: tuple[Decision, ...]
    updates: dict[Place, Versioned]

    @property
    def codes(self) -> bytes:
        """The ``TRANSACTIONS_FILTER`` that the rules lead to."""
        return bytes(found.code for found in self.decisions)
