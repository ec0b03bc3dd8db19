"""Gathers the members' statements through the own gateway into a bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import grpc

from gateway.service.protos.quorate.v1 import witness_pb2 as pb
from quorate.errors import UnreachableError
from quorate.verify.bundle import names
from quorate.verify.bundle.witness import Witnessed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.audit.staging import Staged, Staging

_METHOD: Final = "/quorate.v1.Witness/Gather"
_SECONDS: Final = 60.0


def blocks_to_vouch_for(staged: Iterable[Staged], height: int, *, whole: bool) -> list[int]:
    """Return which blocks statements must name: the last, and of part of a ledger each held one and the one before."""
    held = [] if whole else [names.block_number(found.name) for found in staged if names.is_block(found.name)]
    return sorted({height - 1} | {block for number in held for block in (number - 1, number) if block >= 0})


async def gather_statements(channel: grpc.aio.Channel, blocks: list[int], staged: Staging) -> tuple[str, ...]:
    """Write every member's statement, and return who made none, with the reason.

    Raises
    ------
    UnreachableError
        When the own gateway gathers none.
    UsageError
        When what it gave is no statement.
    """
    call = channel.unary_unary(_METHOD, pb.GatherRequest.SerializeToString, pb.GatherResponse.FromString)
    try:
        answer = await call(pb.GatherRequest(blocks=blocks), timeout=_SECONDS)
    except grpc.aio.AioRpcError as error:
        raise UnreachableError(
            f"the gateway gathers no statements: {error.code().name}: {(error.details() or '')[:200]}",
            hint="Statements come from a running gateway: its address must be the profile's, not the peer's.",
            cause=error,
        ) from error
    absent = []
    for found in answer.statements:
        if not found.statement:
            absent.append(f"{found.msp}: {found.reason}")
            continue
        msp = Witnessed.read(found.statement).statement.msp
        staged.write(names.witness_name(msp), found.statement)
    return tuple(absent)
