"""Step 4: every whole block is the one that its header stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.blocks import protos
from quorate.blocks.block import LAST_CONFIG, METADATA, ORDERER, SIGNATURES, Block, decode_block
from quorate.blocks.decode import decode_exact
from quorate.blocks.errors import BlockError
from quorate.blocks.orderer import OrdererSignatures, decode_signatures, verify_orderers
from quorate.verify.bundle import names
from quorate.verify.findings import at
from quorate.verify.report import Step

if TYPE_CHECKING:
    from quorate.blocks.header import BlockHeader
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
        _verify_metadata(block, chain)
        if len(block.codes) != len(block.entries):
            raise BlockError("there is not one validation code for each entry")
    return block


def _verify_metadata(block: Block, chain: Chain) -> None:
    """Return when what nobody signed says nothing else than what orderers signed."""
    if len(block.metadata) > METADATA:
        raise BlockError(f"the block has {len(block.metadata)} metadata, and peers know {METADATA}")
    if copy := block.slot(LAST_CONFIG):
        _verify_last_config(copy, block.header, chain)
    if (copy := block.slot(ORDERER)) and copy != decode_signatures(block.slot(SIGNATURES)).consenter:
        raise BlockError("the block carries other metadata of its orderer than were signed")


def _verify_last_config(copy: bytes, header: BlockHeader, chain: Chain) -> None:
    what = "the number of the last configuration"
    metadata = decode_exact(protos.Metadata, copy, what)
    index = decode_exact(protos.LastConfig, metadata.value, what).index
    expected = max(since for since, _ in chain.configs if since <= header.number)
    if index != expected:
        raise BlockError(f"the block names the configuration of block {index}, in force is {expected}")
    if metadata.signatures:  # as orderers before Fabric 2.0 wrote it
        found = OrdererSignatures(metadata.value, index, b"", tuple(metadata.signatures))
        verify_orderers(header, found, chain.config_at(header.number))
