"""A browser's look at a bundle or a trail's file, on loopback."""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from gateway.audit.trail import Trail
from gateway.audit.trail.bundle import read_bundle
from gateway.audit.trail.questions import NOTHING
from gateway.audit.trail.schema import require_trail
from gateway.portal.alone import portal_alone
from gateway.portal.app import application
from gateway.portal.server import PortalServer
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


async def look(*, bundle: Path | None, trail: Path | None, port: int, ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM.

    Parameters
    ----------
    bundle, trail
        One of them.
    ready
        Called with the address once it is listened on.

    Raises
    ------
    QuorateError
        When the file is none, or the address cannot be listened on.
    """
    if trail is not None:
        require_trail(trail)
    server = PortalServer(f"127.0.0.1:{port}")
    try:
        found, memory = (Trail.open(trail), NOTHING) if bundle is None else await asyncio.to_thread(read_bundle, bundle)
    except QuorateError:
        server.close()
        raise
    name = bundle.name if bundle is not None else "a copy of a trail"
    portal = portal_alone(found, origin=server.origin, source=f"showing {name}, not verified", memory=memory)
    serving = asyncio.ensure_future(server.run(application(portal)))
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
    ready(server.origin)
    try:
        await asyncio.gather(serving, return_exceptions=True)
    finally:
        server.close()
        found.close()
