"""headers.bin: every block's header with its orderers' signatures, one after the other.

Each record is a ``common.Block`` that holds the header and, as its only metadata, the signatures; before it stands its
length in four bytes, most significant first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.block import SIGNATURES, decode_header
from quorate.blocks.decode import decode_exact
from quorate.blocks.errors import BlockError
from quorate.verify.bundle.bounds import MAX_HEADER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from quorate.blocks.header import BlockHeader

_LENGTH: Final = 4


def encode_header(block: protos.AnyMessage) -> bytes:
    """Return the record of a block (``common.Block``)."""
    slots = block.metadata.metadata
    kept = protos.BlockMetadata(metadata=[slots[SIGNATURES] if slots else b""])
    record: bytes = protos.Block(header=block.header, metadata=kept).SerializeToString()
    return len(record).to_bytes(_LENGTH, "big") + record


def read_headers(file: BinaryIO) -> Iterator[tuple[BlockHeader, bytes]]:
    """Yield every block's header and the metadata with its signatures.

    Raises
    ------
    BlockError
        When a record is cut off, too long, or not in the one form that it can have.
    """
    while length := file.read(_LENGTH):
        size = int.from_bytes(length, "big")
        if len(length) < _LENGTH or size > MAX_HEADER:
            raise BlockError("a record has no valid length")
        data = file.read(size)
        if len(data) < size:
            raise BlockError("the last record is cut off")
        message = decode_exact(protos.Block, data, "a record")
        if message.HasField("data") or len(message.metadata.metadata) != 1:
            raise BlockError("a record holds more than a header and its signatures")
        yield decode_header(message.header), message.metadata.metadata[0]
