"""Serves the portal over HTTP inside this process, until cancelled."""

from __future__ import annotations

import asyncio
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import uvicorn

from gateway.portal.connection import MOST, BoundedConnection
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

_BACKLOG: Final = 64
_GRACE_SECONDS: Final = 2


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process that this server is only a part of."""
        yield


class PortalServer:
    """One address, listened on from the beginning.

    Parameters
    ----------
    listen
        ``host:port``; port 0 takes a free one.
    pair
        Files of a TLS certificate and its key, checked already; None for plain HTTP, which is for loopback only.

    Raises
    ------
    UsageError
        When the address cannot be listened on.
    """

    def __init__(self, listen: str, *, pair: tuple[Path, Path] | None = None) -> None:
        self._pair = pair
        self._socket = _bound(listen)
        self._host = listen.rpartition(":")[0]

    @property
    def origin(self) -> str:
        """The address that is listened on, as browsers write it."""
        return f"{'https' if self._pair else 'http'}://{self._host}:{self._socket.getsockname()[1]}"

    async def run(self, app: ASGIApp) -> None:
        """Serve until cancelled, then end what is under way within a moment."""
        certificate, key = self._pair or (None, None)
        server = _Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                date_header=False,
                proxy_headers=False,
                ws="none",
                http=BoundedConnection,
                limit_concurrency=MOST,
                timeout_graceful_shutdown=_GRACE_SECONDS,
                ssl_certfile=certificate,
                ssl_keyfile=key,
            )
        )
        serving = asyncio.ensure_future(server.serve(sockets=[self._socket]))
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = True
            await asyncio.gather(serving, return_exceptions=True)

    def close(self) -> None:
        """Listen no longer."""
        self._socket.close()


def _bound(listen: str) -> socket.socket:
    host, _, port = listen.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((bare, int(port)))
        found.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        found.close()
        raise UsageError(
            f"the portal cannot listen on {listen}: {error}",
            hint="Choose another address or port, or end the program that listens there.",
            cause=error,
        ) from error
    return found
