"""What the ledger holds of an access log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.access.chain import Anchored
from gateway.audit.trail.history import written
from quorate.records.audit import Anchor

if TYPE_CHECKING:
    from gateway.audit.access.log import AccessLog
    from gateway.audit.trail.store import Trail


def anchors_of(trail: Trail, log: AccessLog) -> list[Anchored]:
    """Return the anchors of a log that a trail holds, oldest first."""
    return [
        Anchored(entries=found.record.entries, head=found.record.head, block=found.block)
        for found in written(trail, Anchor, "anchor", log.msp)
    ]
