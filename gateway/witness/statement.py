"""Signs what a gateway remembers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.errors import UsageError
from quorate.records.common import make
from quorate.verify.bundle.witness import Statement, Witnessed

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.audit.seal import Sealer
    from gateway.service.clock import Clock
    from gateway.witness.memory import Memory

MOST: Final = 10_000
"""So many blocks may be named in one statement."""


class Witness:
    """An organisation's word on the ledger."""

    def __init__(self, memory: Memory, sealer: Sealer, clock: Clock, *, channel: str) -> None:
        self.memory = memory
        self._sealer = sealer
        self._clock = clock
        self._channel = channel

    def state(self, blocks: Collection[int]) -> bytes:
        """Return a signed statement about these blocks as far as they are there, about the last one when none is named.

        Raises
        ------
        UsageError
            When too many are named, or none of them is there.
        """
        if len(blocks) > MOST:
            raise UsageError(f"a statement names at most {MOST} blocks, and {len(blocks)} are asked for")
        height = self.memory.height
        wanted = sorted(set(blocks)) or [height - 1]
        seen = [found for block in wanted if (found := self.memory.get(block)) is not None]
        if not seen:
            raise UsageError(f"this gateway has seen {height} blocks, and none of those asked for")
        statement = make(
            Statement,
            channel=self._channel,
            msp=self._sealer.msp_id,
            certificate=self._sealer.certificate,
            height=height,
            signed_time=self._clock(),
            seen=seen,
        )
        return Witnessed.signed(statement, self._sealer.sign(statement.encode())).encode()
