"""Whether the other members' gateways answer, and how far their clocks are from this one."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import grpc

from gateway.fabric import Endpoint, Tls
from gateway.service.checks.finding import failed, not_checked, ok
from gateway.service.health import CLOCK, SERVICE
from gateway.service.protos.grpc.health.v1 import health_pb2
from gateway.service.status import understood
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.service.checks.finding import Finding
    from quorate.records.consortium import Charter, MemberView

_SECONDS: Final = 15.0


async def check_members(
    members: Sequence[MemberView], charter: Charter | None, *, certificate: bytes, key: bytes
) -> list[Finding]:
    """Return findings about every member that has announced a gateway."""
    if charter is None:
        return [not_checked("members' gateways", "no charter is in force yet")]
    looks = (_look(member, charter.clock_skew_ms, certificate, key) for member in members)
    return [finding for found in await asyncio.gather(*looks) for finding in found]


async def _look(member: MemberView, skew_ms: int, certificate: bytes, key: bytes) -> list[Finding]:
    check = f"gateway of {member.msp}"
    if not member.address or not member.tls_root:
        return [not_checked(check, "it has not been announced")]
    try:
        endpoint = Endpoint(member.address, Tls(roots=member.tls_root.encode(), certificate=certificate, key=key))
        async with endpoint.channel() as channel:
            status, offset, doubt = await _ask(channel)
    except grpc.aio.AioRpcError as error:
        text = f"{member.address}: {error.code().name}: {(error.details() or '')[:200]}"
        return [failed(check, text, "Ask its operator; check the network and both sides' certificates.")]
    except QuorateError as error:
        return [failed(check, error.message, error.hint)]
    return [_answer(check, member.address, status), _clock(f"clock of {member.msp}", offset, doubt, skew_ms)]


async def _ask(channel: grpc.aio.Channel) -> tuple[int, float | None, float]:
    """Return the health status, how far the other clock is ahead in ms, and how uncertain that is."""
    check = channel.unary_unary(
        f"/{SERVICE}/Check",
        health_pb2.HealthCheckRequest.SerializeToString,
        health_pb2.HealthCheckResponse.FromString,
    )
    await check(health_pb2.HealthCheckRequest(), timeout=_SECONDS)  # opens the connection, so that the next is quick
    before = time.time_ns()
    call = check(health_pb2.HealthCheckRequest(), timeout=_SECONDS)
    response = understood(await call, doing="asking for its health")
    after = time.time_ns()
    theirs = next((value for name, value in await call.trailing_metadata() or () if name == CLOCK), None)
    doubt = (after - before) / 2e6
    if not isinstance(theirs, str) or not theirs.isdecimal():
        return response.status, None, doubt
    return response.status, int(theirs[:20]) - (before + after) / 2e6, doubt


def _answer(check: str, address: str, status: int) -> Finding:
    if status == health_pb2.HealthCheckResponse.SERVING:
        return ok(check, f"{address} serves")
    return failed(
        check, f"{address} answers but does not serve", "It may still be reading the ledger; look at its log."
    )


def _clock(check: str, offset: float | None, doubt: float, skew_ms: int) -> Finding:
    if offset is None:
        return not_checked(check, "the gateway does not say its time")
    text = f"{offset:+.0f} ms ± {doubt:.0f} ms, and the charter allows {skew_ms} ms"
    if abs(offset) - doubt > skew_ms:
        return failed(check, text, "Synchronise both machines' clocks.")
    return ok(check, text)
