"""A block has one form, without anything that its message does not know."""

import pytest

from quorate.blocks import protos
from quorate.blocks.block import decode_block
from quorate.blocks.errors import BlockError
from quorate.blocks.header import data_hash


def test_what_the_message_does_not_know_is_refused():
    header = protos.BlockHeader(number=1, previous_hash=bytes(32), data_hash=data_hash(()))
    block = protos.Block(header=header, data=protos.BlockData(), metadata=protos.BlockMetadata(metadata=[b"", b""]))
    data = block.SerializeToString()
    assert decode_block(data).metadata == (b"", b"")
    assert data[-2:] == b"\x0a\x00"
    with pytest.raises(BlockError, match="does not serialise to itself"):
        decode_block(data[:-2] + b"\x4a\x00")  # the last of the metadata as a field that nobody knows
