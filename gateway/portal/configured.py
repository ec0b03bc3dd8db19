"""The channel's configuration in force, parsed once for each block that changes it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from gateway.audit.trail.tables import CONFIGURATIONS

if TYPE_CHECKING:
    from gateway.audit.trail import Trail
    from quorate.blocks.config import ChannelConfig


class Configured:
    """Remembers the newest configuration of a trail, and with it the certificates that it has admitted."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._lock = threading.Lock()
        self._known: tuple[int, ChannelConfig | None] | None = None

    def __call__(self) -> ChannelConfig | None:
        """Return it; None before there is one."""
        with self._trail.engine.connect() as connection:
            block = connection.execute(select(func.max(CONFIGURATIONS.c.block))).scalar()
        if block is None:
            return None
        with self._lock:
            if self._known is None or self._known[0] != block:
                self._known = (int(block), self._trail.configuration())
            return self._known[1]
