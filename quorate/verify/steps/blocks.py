"""Step 4: every whole block is the one that its header stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.blocks import protos
from quorate.blocks.block import LAST_CONFIG, SIGNATURES, Block, decode_block
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError
from quorate.verify.bundle import names
from quorate.verify.findings import at
from quorate.verify.report import Step

if TYPE_CHECKING:
    from quorate.verify.bundle.reader import Bundle
    from quorate.verify.steps.chain import Chain


def verify_block(bundle: Bundle, chain: Chain, number: int) -> Block:
    """Return a whole block: its data hash is its header's, each entry re-serialises to itself."""
    name = names.block_name(number)
    with at(Step.BLOCKS, name):
        if number >= len(chain.headers):
            raise BlockError(f"the chain ends with block {len(chain.headers) - 1}")
        block = decode_block(bundle.read(name))
        if block.header != chain.headers[number]:
            raise BlockError(f"the block has another header than the one of block {number} in the chain")
        if block.slot(SIGNATURES) != chain.signatures[number]:
            raise BlockError("the block carries other signatures of orderers than the chain")
        _verify_last_config(block, chain)
        if len(block.codes) != len(block.entries):
            raise BlockError("there is not one validation code for each entry")
    return block


def _verify_last_config(block: Block, chain: Chain) -> None:
    """Return when the unsigned copy of the configuration's number says what the signed one does."""
    slot = block.slot(LAST_CONFIG)
    if not slot:
        return
    value = decode(protos.Metadata, slot, "the number of the last configuration").value
    index = decode(protos.LastConfig, value, "the number of the last configuration").index
    expected = max(since for since, _ in chain.configs if since <= block.header.number)
    if index != expected:
        raise BlockError(f"the block names the configuration of block {index}, in force is {expected}")
