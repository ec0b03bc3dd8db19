"""The service `quorate.v1.Studies`: what changes on the ledger, as it changes."""

from __future__ import annotations

import secrets
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

import grpc

from gateway.service.methods import Audience, Call, Door, serialize
from gateway.service.protos.quorate.v1 import studies_pb2 as pb
from quorate.identifiers import parse_study_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.service.drain import Drain
    from gateway.service.limiter import Slots
    from gateway.service.state import Change, Projection

SERVICE: Final = "quorate.v1.Studies"


class StudiesService:
    """Watch.

    Parameters
    ----------
    state
        What is watched.
    slots
        How many streams one caller may have at once.
    drain
        Ends them when the gateway stops.
    """

    def __init__(self, state: Projection, slots: Slots, drain: Drain) -> None:
        self._state = state
        self._drain = drain
        self._slots = slots
        # Sequence numbers begin anew with every process: a checkpoint of another one cannot be placed.
        self._epoch = secrets.token_hex(8)

    def handlers(self, door: Door) -> grpc.GenericRpcHandler:
        """Return the service for a server."""
        return grpc.method_handlers_generic_handler(
            SERVICE, {"Watch": door.answers(self.watch, pb.WatchRequest, Audience.OWN, write=serialize)}
        )

    async def watch(self, request: pb.WatchRequest, call: Call) -> AsyncIterator[pb.WatchResponse]:
        """Send what changed after the checkpoint, then every change."""
        wanted = parse_study_id(request.study) if request.study else None
        after, known = self._place(request.checkpoint), self._state.sequence
        with self._slots.take(call.caller.certificate), self._drain.stream():
            if after >= known:
                yield self._caught_up(after)
            async with aclosing(self._state.changes(after)) as changes:
                async for change in changes:
                    if wanted in {None, change.study} and (response := self._response(change)):
                        yield response
                    if after < known <= change.sequence:
                        yield self._caught_up(change.sequence)
                        known = 0

    def _place(self, checkpoint: str) -> int:
        epoch, _, sequence = checkpoint.partition(":")
        if epoch != self._epoch or not sequence.isdecimal():
            return 0
        return min(int(sequence[:20]), self._state.sequence)

    def _caught_up(self, sequence: int) -> pb.WatchResponse:
        return pb.WatchResponse(caught_up=pb.CaughtUp(), checkpoint=self._checkpoint(sequence))

    def _checkpoint(self, sequence: int) -> str:
        return f"{self._epoch}:{sequence}"

    def _response(self, change: Change) -> pb.WatchResponse | None:
        checkpoint = self._checkpoint(change.sequence)
        if change.round is None:
            study = self._state.studies.get(change.study)
            if study is None:  # it has left the memory since
                return None
            state = pb.StudyState(study=change.study, state=study.study.state, document=study.encode())
            return pb.WatchResponse(study=state, checkpoint=checkpoint)
        view = self._state.rounds.get((change.study, change.round))
        if view is None:  # it has left the memory since
            return None
        found = pb.RoundState(study=change.study, round=change.round, state=view.round.state, document=view.encode())
        return pb.WatchResponse(round=found, checkpoint=checkpoint)
