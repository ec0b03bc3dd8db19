"""What can be wrong with a block.

::

    IntegrityError
    └── BlockError          the bytes are not what Fabric's formats, signatures and policies demand
        └── RejectedError   a peer does not let the transaction count, and says so with a code
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.errors import IntegrityError

if TYPE_CHECKING:
    from quorate.blocks.codes import TxValidationCode


class BlockError(IntegrityError):
    """A block, a transaction or an identity is not what Fabric's formats, signatures and policies demand."""

    meaning = "The bytes are not what Fabric's formats, signatures and policies demand."
    advice = "Fetch the blocks again, from another member; the message names what differs."


class RejectedError(BlockError):
    """A peer does not let a transaction count.

    Parameters
    ----------
    code
        What it writes into the block for it; `verdict`.
    """

    def __init__(self, code: TxValidationCode, message: str, *, cause: BaseException | None = None) -> None:
        super().__init__(message, cause=cause)
        self.verdict = code
