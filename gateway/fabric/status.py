"""What became of a transaction."""

from __future__ import annotations

from dataclasses import dataclass

from quorate.blocks.codes import TxValidationCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The peer's verdict on a transaction, and the block that holds it."""

    code: TxValidationCode
    block_number: int
    transaction_id: str

    @property
    def successful(self) -> bool:
        """Whether the transaction is valid and so changed the ledger."""
        return self.code is TxValidationCode.VALID
