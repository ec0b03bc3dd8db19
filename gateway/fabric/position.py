"""Where a stream of events begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.errors import UsageError

if TYPE_CHECKING:
    from gateway.fabric.checkpointer import Checkpoint

_MAX_UINT64: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Position:
    """A block, or a place after a transaction in a block; no block means the next one to be committed."""

    block_number: int | None = None
    after_transaction_id: str = ""

    @classmethod
    def of(cls, start_block: int | None, checkpoint: Checkpoint | None) -> Position:
        """Return the checkpoint's position where it has one, else that of `start_block`."""
        if checkpoint is not None and (checkpoint.block_number or checkpoint.transaction_id):
            return cls(block_of(checkpoint.block_number), checkpoint.transaction_id)
        return cls(None if start_block is None else block_of(start_block))

    @classmethod
    def of_seek(cls, position: protos.AnyMessage, after_transaction_id: str = "") -> Position:
        """Return where a SeekPosition begins; before it has come, nobody knows which block is the newest."""
        match position.WhichOneof("Type"):
            case "specified":
                return cls(position.specified.number, after_transaction_id)
            case "oldest":
                return cls(0, after_transaction_id)
        return cls()

    @property
    def known(self) -> bool:
        """Whether a stream that breaks can begin here again without leaving anything out."""
        return self.block_number is not None

    def seek(self) -> protos.AnyMessage:
        """Return Fabric's SeekPosition."""
        if self.block_number is None:
            return protos.SeekPosition(next_commit=protos.SeekNextCommit())
        return protos.SeekPosition(specified=protos.SeekSpecified(number=self.block_number))


def block_of(number: int) -> int:
    """Return a block number that Fabric can hold, or raise `UsageError`."""
    if not 0 <= number <= _MAX_UINT64:
        raise UsageError(f"{number} is not a block number")
    return number
