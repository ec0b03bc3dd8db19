"""Asks the other members' gateways what they have seen, and compares it with what this one remembers."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import grpc

from gateway.service.protos.quorate.v1 import witness_pb2 as pb
from gateway.service.status import understood
from gateway.witness.divergence import differs
from quorate.errors import QuorateError, UsageError
from quorate.verify.bundle.witness import Witnessed

if TYPE_CHECKING:
    from collections.abc import Collection

    from gateway.service.clock import Clock
    from gateway.service.peers import MemberGateways
    from gateway.witness.divergence import Divergences
    from gateway.witness.memory import Memory
    from quorate.identifiers import MspId
    from quorate.verify.bundle.witness import Statement

_log = logging.getLogger(__name__)

SERVICE: Final = "quorate.v1.Witness"
_SECONDS: Final = 10.0
_PERIOD: Final = 30.0
_ASKED: Final = 2
_FRAME: Final = 64 * 1024
_EACH: Final = 512
"""Bytes of a statement without its blocks, and of each: what is longer than it was asked to be is not read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A member's statement, or why there is none."""

    msp: MspId
    statement: bytes
    reason: str


class Members:
    """The other members' gateways as witnesses."""

    def __init__(self, gateways: MemberGateways) -> None:
        self._gateways = gateways

    async def gather(self, blocks: Collection[int]) -> list[Answer]:
        """Return what every member that has announced a gateway says about these blocks."""
        return list(await asyncio.gather(*(self.ask(msp, blocks) for msp in self._gateways.others())))

    async def ask(self, msp: MspId, blocks: Collection[int]) -> Answer:
        """Return what one member says; whoever does not answer, or answers for somebody else, says nothing."""
        channel = self._gateways.channel(msp)
        if channel is None:
            return Answer(msp, b"", "it has announced no gateway")
        call = channel.unary_unary(f"/{SERVICE}/State", pb.StateRequest.SerializeToString, pb.StateResponse.FromString)
        try:
            answer = await call(pb.StateRequest(blocks=blocks), timeout=_SECONDS)
            data = understood(answer, doing=f"asking {msp}").statement
            if (await _read(data, blocks=max(len(blocks), 1))).msp != msp:
                raise UsageError("the statement is another member's")
        except grpc.aio.AioRpcError as error:
            return Answer(msp, b"", f"{error.code().name}: {(error.details() or '')[:200]}")
        except QuorateError as error:
            return Answer(msp, b"", error.message)
        return Answer(msp, data, "")


async def compare(members: Members, memory: Memory, divergences: Divergences, clock: Clock) -> None:
    """Compare with every other member again and again; never ends."""
    while True:
        await asyncio.sleep(_PERIOD)
        if memory.height:
            asked = range(max(memory.height - _ASKED, 0), memory.height)
            for answer in await members.gather(asked):
                try:
                    await compare_one(members, answer, memory, divergences, clock)
                except QuorateError as error:
                    _log.warning("what %s says could not be compared: %s", answer.msp, error)


async def compare_one(members: Members, answer: Answer, memory: Memory, divergences: Divergences, clock: Clock) -> None:
    """Compare what one member said; one that is behind is asked about its own last block."""
    if not answer.statement:
        answer = await members.ask(answer.msp, ())
    if not answer.statement:
        _log.info("%s says nothing about the ledger: %s", answer.msp, answer.reason)
        return
    for shown in (await _read(answer.statement, blocks=_ASKED)).seen:
        remembered = memory.get(shown.block)
        if remembered is not None and differs(remembered, shown):
            await asyncio.to_thread(divergences.note, answer.msp, remembered, shown, now=clock())


async def _read(data: bytes, *, blocks: int) -> Statement:
    """Return a statement about so many blocks, off the event loop: rounds share it."""
    most = _FRAME + blocks * _EACH
    if len(data) > most:
        raise UsageError(f"the statement has {len(data)} bytes, and at most {most} were asked for")
    return (await asyncio.to_thread(Witnessed.read, data)).statement
