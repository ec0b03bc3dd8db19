"""A whole block: its header, its entries in their one form, and its metadata."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.codes import TxValidationCode
from quorate.blocks.decode import decode, decode_exact
from quorate.blocks.errors import BlockError
from quorate.blocks.header import BlockHeader, data_hash
from quorate.blocks.wire import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNATURES: Final = 0
LAST_CONFIG: Final = 1
TRANSACTIONS_FILTER: Final = 2
ORDERER: Final = 3
COMMIT_HASH: Final = 4
METADATA: Final = 5
"""How many there are."""

_HASH_SIZE = 32


@dataclass(frozen=True, slots=True)
class Block:
    """A decoded ``common.Block``."""

    header: BlockHeader
    entries: tuple[bytes, ...]
    metadata: tuple[bytes, ...]

    def slot(self, index: int) -> bytes:
        """Return one of the metadata, empty when the block does not have it."""
        return self.metadata[index] if index < len(self.metadata) else b""

    @property
    def codes(self) -> tuple[TxValidationCode, ...]:
        """What the peer that gave the block out decided about each entry; nobody signed it.

        Raises
        ------
        BlockError
            When there is not one code for each entry.
        """
        codes = self.slot(TRANSACTIONS_FILTER)
        if not codes and self.header.number == 0:
            return (TxValidationCode.VALID,) * len(self.entries)
        if len(codes) != len(self.entries):
            raise BlockError(f"the block has {len(self.entries)} entries and {len(codes)} validation codes")
        return tuple(TxValidationCode.of(code) for code in codes)

    @property
    def commit_hash(self) -> bytes:
        """The commit hash that the peer wrote, empty when it wrote none; nobody signed it."""
        value: bytes = decode(protos.Metadata, self.slot(COMMIT_HASH), "the commit hash").value
        return value


def decode_header(message: protos.AnyMessage) -> BlockHeader:
    """Return a decoded ``common.BlockHeader`` as ours.

    Raises
    ------
    BlockError
        When a hash has not 32 bytes.
    """
    previous, data = message.previous_hash, message.data_hash
    if len(data) != _HASH_SIZE or len(previous) not in ({0, _HASH_SIZE} if message.number == 0 else {_HASH_SIZE}):
        raise BlockError(f"the header of block {message.number} holds a hash that has not {_HASH_SIZE} bytes")
    return BlockHeader(message.number, previous, data)


def decode_block(data: bytes) -> Block:
    """Return the block that `data` encode.

    Returns
    -------
    Block
        Its data hash is right, and every entry is in its one form.

    Raises
    ------
    BlockError
        When they encode none, or in another way than protobuf itself would.
    """
    message = decode_exact(protos.Block, data, "the block")
    block = Block(decode_header(message.header), tuple(message.data.data), tuple(message.metadata.metadata))
    if data_hash(block.entries) != block.header.data_hash:
        raise BlockError("the entries do not have the data hash of the header")
    require_separable(block.entries)
    return block


def require_separable(entries: Sequence[bytes]) -> None:
    """Return when each entry is an envelope with a payload, an optional signature, and in this order.

    What an envelope does not know may follow: orderers keep it, and members may write it. From the concatenation of
    such entries it follows where each one ends, so that a data hash stands for one sequence of entries only.

    Raises
    ------
    BlockError
        When an entry is anything else.
    """
    for index, entry in enumerate(entries):
        envelope = decode(protos.Envelope, entry, f"entry {index}")
        known: bytes = envelope.SerializeToString()
        rest = entry.removeprefix(known)
        if not envelope.payload or known + rest != entry or plain(protos.Envelope.DESCRIPTOR, rest):
            raise BlockError(f"entry {index} does not serialise to itself")
