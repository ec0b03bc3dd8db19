"""Commits the access log's head to the ledger: after so many entries or minutes, and when the gateway ends."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, Protocol

from gateway.audit.access.anchors import anchors_of
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from gateway.audit.access.desk import Desk
    from quorate.records.audit import Anchor

_log = logging.getLogger(__name__)

_LAST_SECONDS: Final = 10.0


class Commit(Protocol):
    """What this module needs of `gateway.ledger.calls.AuditCalls`."""

    async def anchor_access_log(self, *, entries: int, head: str) -> Anchor:
        """Commit to the log as it is now."""
        ...


class Anchorer:
    """Anchors one log.

    Parameters
    ----------
    desk
        Says when entries are added.
    commit
        Writes to the ledger.
    entries, seconds
        How many entries, and how long after the first of them, may be without an anchor.
    """

    def __init__(self, desk: Desk, commit: Commit, *, entries: int, seconds: float) -> None:
        self._desk = desk
        self._commit = commit
        self._entries = entries
        self._seconds = seconds
        self._anchored = 0

    async def run(self) -> None:
        """Anchor until cancelled. A ledger that refuses or cannot be reached is asked again after the next wait."""
        self._anchored = await asyncio.to_thread(self._known)
        while True:
            await self._until_due()
            try:
                await self.anchor()
            except QuorateError as error:
                _log.warning("the access log could not be anchored: %s", error)
                await asyncio.sleep(min(self._seconds, 60.0))

    async def anchor(self) -> None:
        """Commit to the log as it is now; nothing is written when an anchor covers all of it.

        Raises
        ------
        QuorateError
            When the ledger does not take it.
        """
        head = await asyncio.to_thread(self._desk.log.head)
        if head.entries > self._anchored:
            await self._commit.anchor_access_log(entries=head.entries, head=head.head)
            self._anchored = head.entries

    async def finish(self) -> None:
        """Anchor a last time, for at most ten seconds; what could not be is anchored after the next start."""
        try:
            async with asyncio.timeout(_LAST_SECONDS):
                await self.anchor()
        except (QuorateError, TimeoutError) as error:
            _log.warning("the access log's last entries are not anchored yet: %s", error)

    async def _until_due(self) -> None:
        while await self._pending() == 0:
            await self._next()
        try:
            async with asyncio.timeout(self._seconds):
                while await self._pending() < self._entries:
                    await self._next()
        except TimeoutError:
            return

    async def _pending(self) -> int:
        self._desk.added.clear()
        return await asyncio.to_thread(lambda: self._desk.log.count) - self._anchored

    async def _next(self) -> None:
        await self._desk.added.wait()

    def _known(self) -> int:
        return max((anchor.entries for anchor in anchors_of(self._desk.trail, self._desk.log)), default=0)
