"""A browser's connection: one that asks for nothing is not kept, and no address takes all there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    import asyncio

MOST: Final = 256
"""Connections of everybody together, and half as many of one address: uvicorn answers the rest with 503."""

HEAD_SECONDS: Final = 20.0
"""How long the head of a request may take to come; uvicorn itself waits for the first one for ever."""


class BoundedConnection(H11Protocol):
    """HTTP/1.1 as uvicorn speaks it, for strangers."""

    head_seconds = HEAD_SECONDS
    most_of_one_address = MOST // 2

    def __init__(self, *given: Any, **named: Any) -> None:  # noqa: ANN401 - passed on
        super().__init__(*given, **named)
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a connection, unless its address has enough."""
        super().connection_made(transport)
        if self.client is not None and self._of_its_address(self.client[0]) > self.most_of_one_address:
            transport.abort()
        else:
            self._wait()

    def data_received(self, data: bytes) -> None:
        """Take what comes; a part of a head moves no deadline."""
        super().data_received(data)
        self._wait()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._forget()
        super().connection_lost(exc)

    def _of_its_address(self, address: str) -> int:
        return sum(
            isinstance(one, BoundedConnection) and one.client is not None and one.client[0] == address
            for one in self.connections
        )

    def _wait(self) -> None:
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
