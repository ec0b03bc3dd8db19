"""The service `quorate.v1.Witness`."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import grpc

from gateway.service.limiter import Slots
from gateway.service.methods import Audience, Call, Door
from gateway.service.protos.quorate.v1 import witness_pb2 as pb
from gateway.witness.members import SERVICE

if TYPE_CHECKING:
    from gateway.witness.members import Members
    from gateway.witness.statement import Witness
    from quorate.identifiers import MspId


AT_ONCE: Final = 4
"""How many statements one member may wait for at once: making a long one takes a second, and they are made in turn."""


class WitnessService:
    """State, for every member, and Gather, for the own organisation."""

    def __init__(self, witness: Witness, members: Members, *, msp: MspId) -> None:
        self._witness = witness
        self._members = members
        self._msp = msp
        self._slots = Slots(AT_ONCE, limit="a witness")
        self._making = asyncio.Lock()

    def handlers(self, door: Door) -> grpc.GenericRpcHandler:
        """Return the service for a server."""
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "State": door.unary(self.state, pb.StateRequest, Audience.MEMBERS),
                "Gather": door.unary(self.gather, pb.GatherRequest, Audience.OWN),
            },
        )

    async def state(self, request: pb.StateRequest, call: Call) -> pb.StateResponse:
        """Return this gateway's statement."""
        with self._slots.take(call.caller.account):
            return pb.StateResponse(statement=await self._state(list(request.blocks)))

    async def gather(self, request: pb.GatherRequest, _: Call) -> pb.GatherResponse:
        """Return every member's statement, the own first."""
        blocks = list(request.blocks)
        own = await self._state(blocks)
        answers = await self._members.gather(blocks)
        return pb.GatherResponse(
            statements=[
                pb.MemberStatement(msp=self._msp, statement=own),
                *(
                    pb.MemberStatement(msp=found.msp, statement=found.statement, reason=found.reason)
                    for found in answers
                ),
            ]
        )

    async def _state(self, blocks: list[int]) -> bytes:
        # One after the other: else whoever asks often would keep every thread of this process busy.
        async with self._making:
            return await asyncio.to_thread(self._witness.state, blocks)
