"""gRPC's health protocol: serving while the gateway follows the ledger, not serving before and while it drains."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import grpc

from gateway.service.methods import Audience, Call, Door, serialize
from gateway.service.protos.grpc.health.v1 import health_pb2 as pb
from quorate.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from gateway.service.drain import Drain
    from gateway.service.limiter import Slots

SERVICE: Final = "grpc.health.v1.Health"
CLOCK: Final = "quorate-clock"
"""The trailer that tells Unix milliseconds, so that members can compare their clocks."""
_SERVING = pb.HealthCheckResponse.SERVING
_NOT_SERVING = pb.HealthCheckResponse.NOT_SERVING


class HealthService:
    """Check and Watch, for the server as a whole and for each of its services alike.

    Parameters
    ----------
    services
        The names that may be asked about, besides the empty one.
    slots
        How many streams one caller may have at once.
    drain
        Ends watching when the gateway stops.
    """

    def __init__(self, services: Iterable[str], slots: Slots, drain: Drain) -> None:
        self._slots = slots
        self._drain = drain
        self._services = frozenset({"", SERVICE, *services})
        self._serving = False
        self._condition = asyncio.Condition()

    def handlers(self, door: Door) -> grpc.GenericRpcHandler:
        """Return the service for a server."""
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Check": door.unary(self.check, pb.HealthCheckRequest, Audience.MEMBERS),
                "Watch": door.answers(self.watch, pb.HealthCheckRequest, Audience.MEMBERS, write=serialize),
            },
        )

    async def set_serving(self, serving: bool) -> None:  # noqa: FBT001 - a state, not an option
        """Say whether the gateway serves."""
        async with self._condition:
            self._serving = serving
            self._condition.notify_all()

    async def check(self, request: pb.HealthCheckRequest, call: Call) -> pb.HealthCheckResponse:
        """Answer for now, with this machine's time in the trailer."""
        if request.service not in self._services:
            raise NotFoundError(f"there is no service {request.service[:100]!r} here")
        call.context.set_trailing_metadata(((CLOCK, str(time.time_ns() // 1_000_000)),))
        return pb.HealthCheckResponse(status=self._status())

    async def watch(self, request: pb.HealthCheckRequest, call: Call) -> AsyncIterator[pb.HealthCheckResponse]:
        """Answer for now, and again whenever that changes."""
        if request.service not in self._services:
            yield pb.HealthCheckResponse(status=pb.HealthCheckResponse.SERVICE_UNKNOWN)
            return
        with self._slots.take(call.caller.account), self._drain.stream():
            while True:
                status = self._status()
                yield pb.HealthCheckResponse(status=status)
                async with self._condition:
                    while self._status() == status:
                        await self._condition.wait()

    def _status(self) -> pb.HealthCheckResponse.ServingStatus:
        return _SERVING if self._serving else _NOT_SERVING
