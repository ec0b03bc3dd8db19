"""What can be wrong with a block."""

from __future__ import annotations

from quorate.errors import IntegrityError


class BlockError(IntegrityError):
    """A block, a transaction or an identity is not what Fabric's formats, signatures and policies demand."""

    meaning = "The bytes are not what Fabric's formats, signatures and policies demand."
    advice = "Fetch the blocks again, from another member; the message names what differs."
