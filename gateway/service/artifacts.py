"""The service `quorate.v1.Artifacts`: checks who may store and read what, then leaves the bytes to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import grpc

from gateway.artifacts import frames
from gateway.artifacts.access import ACTION, Decider, Facts, may_read, opening
from gateway.artifacts.bounds import SizeLimits, admit
from gateway.artifacts.kinship import require_alike
from gateway.artifacts.label import Kind
from gateway.artifacts.wire import SERVICE, description_of, label_message
from gateway.service.methods import Audience, Call, Door
from gateway.service.protos.quorate.v1 import artifacts_pb2 as pb
from quorate.digest import Digest, parse_digest
from quorate.errors import ConflictError, DeniedError, NotFoundError, StateError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.artifacts.label import Description, Label
    from gateway.artifacts.store import ArtifactStore
    from gateway.service.callers import Caller
    from gateway.service.limiter import Slots
    from quorate.identifiers import MspId


MOST_ALIKE: Final = 4
"""How many artefacts may be stored under one label: enough for second thoughts, too few to fill a disk."""


class LedgerFacts(Protocol):
    """Where this service learns what the ledger says."""

    @property
    def own(self) -> MspId:
        """The organisation whose gateway this is."""
        ...

    async def facts(self, label: Label) -> Facts:
        """Return what is known about a label's study and round."""
        ...

    async def fresh_facts(self, label: Label) -> Facts:
        """Return the same, read anew."""
        ...


class ArtifactsService:
    """Stat, Put and Get.

    Parameters
    ----------
    store
        Where the bytes are.
    ledger
        What the ledger says of studies and rounds.
    decider
        The consortium's policy set.
    limits
        Sizes of what no terms fix.
    slots
        How many transfers one caller may have at once.
    """

    def __init__(
        self, store: ArtifactStore, ledger: LedgerFacts, decider: Decider, *, limits: SizeLimits, slots: Slots
    ) -> None:
        self._slots = slots
        self._store = store
        self._ledger = ledger
        self._decider = decider
        self._limits = limits

    def handlers(self, door: Door) -> grpc.GenericRpcHandler:
        """Return the service for a server."""
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Stat": door.unary(self.stat, pb.StatRequest, Audience.MEMBERS),
                "Put": door.requests(self.put, Audience.OWN),
                "Get": door.answers(self.get, pb.GetRequest, Audience.MEMBERS, write=frames.get_response),
            },
        )

    async def stat(self, request: pb.StatRequest, call: Call) -> pb.StatResponse:
        """Say what is here of an artefact, as far as the caller may know."""
        digest = parse_digest(request.digest)
        with self._slots.take(f"stat {call.caller.account}"):
            labels = await self._readable(digest, call.caller)
        if labels:
            size = self._store.size(digest)
            return pb.StatResponse(complete=True, size=size, labels=[label_message(label) for label in labels])
        kept = self._store.partial(digest, request.upload_size) if call.caller.own else 0
        return pb.StatResponse(kept=kept)

    async def put(self, requests: AsyncIterator[bytes], call: Call) -> pb.PutResponse:
        """Store an artefact of the own organisation."""
        with self._slots.take(call.caller.account):
            header = await _header(requests)
            description = description_of(header.artifact)
            await self._admit(description)
            require_alike(description.digest, self._store.labels(description.digest), description.label)
            self._require_place(description)
            # An agent keeps its update until the round ends, and stores it again when its gateway has lost it.
            durable = description.label.kind is not Kind.UPDATE
            await self._store.receive(description, _chunks(requests), offset=header.offset, durable=durable)
        return pb.PutResponse(digest=description.digest, size=description.size)

    def _require_place(self, description: Description) -> None:
        known = description.label in self._store.labels(description.digest)
        if not known and self._store.labelled(description.label) >= MOST_ALIKE:
            raise ConflictError(f"{MOST_ALIKE} different artefacts are stored as {description.label} already")

    async def _admit(self, description: Description) -> None:
        try:
            admit(description, await self._ledger.facts(description.label), self._limits)
        except StateError:
            # The memory may lag behind a round that the caller has seen opened already.
            admit(description, await self._ledger.fresh_facts(description.label), self._limits)

    async def get(self, request: pb.GetRequest, call: Call) -> AsyncIterator[bytes]:
        """Send an artefact from an offset."""
        digest = parse_digest(request.digest)
        size = self._store.size(digest)
        if size is None:
            raise NotFoundError(f"{digest} is not here")
        with self._slots.take(call.caller.account):
            if not await self._readable(digest, call.caller):
                raise DeniedError(f"{', '.join(sorted(call.caller.msps))} may not read {digest} (yet)")
            if request.offset > size:
                raise UsageError(f"{digest} has {size} bytes, so it cannot be sent from {request.offset}")
            async for chunk in self._store.read(digest, offset=request.offset):
                yield chunk

    async def _readable(self, digest: Digest, caller: Caller) -> list[Label]:
        """Return the labels under which the caller may read what is here."""
        labels = opening(self._store.labels(digest), self._ledger.own)
        found = [label for label in labels if self._allows(caller, digest, label, await self._ledger.facts(label))]
        if found:
            return found
        # The memory may lag behind a seal that the caller has seen already.
        return [label for label in labels if self._allows(caller, digest, label, await self._ledger.fresh_facts(label))]

    def _allows(self, caller: Caller, digest: Digest, label: Label, facts: Facts) -> bool:
        return any(
            may_read(msp, digest, label, facts) and self._decider.decide(action=ACTION, reader=msp, facts=facts).allowed
            for msp in caller.msps
        )


async def _header(requests: AsyncIterator[bytes]) -> pb.PutHeader:
    first = await anext(requests, None)
    header = None if first is None else frames.read_put_request(first)
    if not isinstance(header, pb.PutHeader):
        raise UsageError("the first message of a Put is its header")
    return header


async def _chunks(requests: AsyncIterator[bytes]) -> AsyncIterator[bytes | memoryview]:
    async for request in requests:
        chunk = frames.read_put_request(request)
        if isinstance(chunk, pb.PutHeader):
            raise UsageError("every message of a Put but the first is a chunk")
        yield chunk
