"""Follows the own peer's blocks and remembers each; a peer that shows another past than it did is a divergence too."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

from gateway.witness.divergence import differs
from quorate.blocks.block import decode_block
from quorate.errors import QuorateError
from quorate.verify.bundle.witness import Seen

if TYPE_CHECKING:
    from gateway.fabric import EventStream
    from gateway.service.clock import Clock
    from gateway.witness.divergence import Divergences
    from gateway.witness.memory import Memory
    from quorate.blocks.protos import AnyMessage
    from quorate.identifiers import MspId

_log = logging.getLogger(__name__)

_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 5.0


class BlockSource(Protocol):
    """Opens the stream of the peer's blocks from a number on."""

    def __call__(self, start: int, /) -> EventStream[AnyMessage]:
        """Return a new stream."""
        ...


async def watch(source: BlockSource, memory: Memory, divergences: Divergences, clock: Clock, *, msp: MspId) -> None:
    """Remember every block as it comes; never ends. A peer that cannot be reached is tried again and again."""
    pause = _FIRST_PAUSE
    while True:
        try:
            async with source(max(memory.height - 1, 0)) as blocks:
                async for block in blocks:
                    await _take(seen_of(block, clock()), memory, divergences, msp)
                    pause = _FIRST_PAUSE
        except QuorateError as error:
            _log.warning("the stream of blocks broke: %s", error)
        await asyncio.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def seen_of(block: AnyMessage, observed: int) -> Seen:
    """Return what is to be remembered of a block (``common.Block``).

    Raises
    ------
    BlockError
        When it is not a block in its one form.
    """
    found = decode_block(block.SerializeToString())
    return Seen(
        block=found.header.number,
        header=found.header.digest,
        commit_hash=found.commit_hash.hex(),
        observed_time=observed,
    )


async def _take(seen: Seen, memory: Memory, divergences: Divergences, msp: MspId) -> None:
    known = memory.get(seen.block)
    if known is None:
        await asyncio.to_thread(memory.append, [seen])
    elif differs(known, seen):
        await asyncio.to_thread(divergences.note, msp, known, seen, now=seen.observed_time)
