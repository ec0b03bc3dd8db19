"""One member's gateway on the ledger model: real store, real projection; other gateways and time at the seams."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, cast

import numpy as np

from gateway.artifacts.kinship import require_alike
from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.store import ArtifactStore
from gateway.service.context import GatewayContext
from gateway.service.state import Projection
from quorate.digest import Digest, digest_of
from quorate.errors import IntegrityError, NotFoundError, QuorateError
from quorate.identifiers import DatasetId, MspId, StudyId
from quorate.records.consortium import MembersView, MemberView
from quorate.records.policy import Policy
from quorate.records.study import Studies
from quorate.tensors import Header, Schema, TensorSpec, encode
from tests.unit.gateway.aggregator.ledger_model import DATASET, EPOCH, MEMBERS, SKEW_MS, STUDY, LedgerModel, stamp
from tests.unit.gateway.charters import charter_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from gateway.service.config import GatewayConfig
    from quorate.records.round import Exclusion, RoundView
    from quorate.records.study import StudyView

SCHEMA = Schema((TensorSpec("w", (4,)),))
BASE_VALUES = (10, -20, 30, 0)
PLAN_BYTES = b"a plan"


def initial_model() -> bytes:
    return encode(SCHEMA, Header.initial_model(STUDY), {"w": np.array(BASE_VALUES, np.int64)})


def update_of(
    msp: MspId, values: Iterable[int], *, base: Digest, round_: int = 1, study: str = STUDY, dataset: str = DATASET
) -> bytes:
    header = Header.update(study=study, round=round_, msp=msp, dataset=dataset, base=base)
    return encode(SCHEMA, header, {"w": np.array(list(values), np.int32)})


def model_of(values: Iterable[int], *, base: Digest, round_: int = 1) -> bytes:
    header = Header.model(study=STUDY, round=round_, base=base)
    return encode(SCHEMA, header, {"w": np.array(list(values), np.int64)})


def plain_ledger(**terms: Any) -> LedgerModel:
    return LedgerModel(initial=digest_of(initial_model()), plan=digest_of(PLAN_BYTES), **terms)


class ManualClock:
    """A clock that shows what it was set to, and that waiting moves on at once."""

    def __init__(self, now: int = EPOCH) -> None:
        self.now = now

    def __call__(self) -> int:
        return self.now

    async def sleep_until(self, moment: int) -> None:
        self.now = max(self.now, moment)
        await asyncio.sleep(0)


@dataclass
class FakeExchange:
    """What other members' gateways serve. What nobody serves costs the whole time; where all lie, none."""

    store: ArtifactStore
    clock: ManualClock
    serves: dict[Digest, bytes] = field(default_factory=dict)
    lies: set[Digest] = field(default_factory=set)
    failing: QuorateError | None = None
    asked: list[tuple[Label, float]] = field(default_factory=list)
    order: Callable[[list[Description]], list[Description]] = list

    async def fetch(self, description: Description, *, within: float) -> None:
        self.asked.append((description.label, within))
        if self.failing is not None:
            raise self.failing
        if self.store.has(description.digest):
            require_alike(description.digest, self.store.labels(description.digest), description.label)
            await self.store.attach(description.digest, description.label)
        elif description.digest in self.lies:
            raise IntegrityError("every source serves other bytes")
        elif len(self.serves.get(description.digest, b"")) != description.size:
            self.clock.now += round(within * 1000)
            raise NotFoundError("no source served it")
        else:
            await self.store.receive(description, _once(self.serves[description.digest]))

    async def fetch_all(
        self, descriptions: Iterable[Description], *, within: float
    ) -> dict[Digest, QuorateError | None]:
        found: dict[Digest, QuorateError | None] = {}
        began = self.clock.now
        latest = began
        for description in self.order(list(descriptions)):
            self.clock.now = began  # they are fetched at the same time
            try:
                await self.fetch(description, within=within)
                found[description.digest] = None
            except (NotFoundError, IntegrityError) as error:
                found[description.digest] = error
            latest = max(latest, self.clock.now)
        self.clock.now = latest
        return found

    async def fetch_named(self, digest: Digest, label: Label, *, within: float) -> Description:
        data = self.serves.get(digest, b"?")
        description = Description(digest=digest, size=len(data), label=label)
        await self.fetch(description, within=within)
        return description


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


class LedgerAs:
    """The ledger model as one member's `gateway.ledger.Ledger`; `failing` makes every call raise."""

    def __init__(self, model: LedgerModel, msp: MspId, clock: Callable[[], int]) -> None:
        self.model = model
        self.msp = msp
        self.clock = clock
        self.failing: QuorateError | None = None
        self.said: list[str] = []
        self.changed: list[Callable[[], None]] = []

    def settling(self) -> Self:
        return self

    @property
    def round(self) -> _Rounds:
        return _Rounds(self)

    @property
    def study(self) -> _Studies:
        return _Studies(self)

    @property
    def consortium(self) -> _Consortium:
        return _Consortium(self)

    @property
    def policy(self) -> _Policies:
        return _Policies(self)

    def reach(self, what: str = "") -> None:
        if self.failing is not None:
            raise self.failing
        if what:
            self.said.append(what)

    def tell(self) -> None:
        for wake in self.changed:
            wake()


@dataclass
class _Part:
    ledger: LedgerAs


class _Rounds(_Part):
    async def get(self, study: str, number: int) -> RoundView:
        self.ledger.reach()
        found = self.ledger.model.round_view(number) if study == STUDY else None
        if found is None:
            raise NotFoundError(f"no round {number}")
        return found

    async def _do(self, what: str, step: Callable[..., object], *given: object, **named: object) -> object:
        self.ledger.reach(what)
        before = self.ledger.model.changes
        found = step(*given, now=self.ledger.clock(), **named)
        if self.ledger.model.changes != before:
            self.ledger.tell()
        return found

    async def open(self, _study: str, number: int) -> None:
        await self._do("open", self.ledger.model.open, number)

    async def seal(self, _study: str, number: int) -> None:
        await self._do("seal", self.ledger.model.seal, number)

    async def abort(self, _study: str, number: int) -> None:
        await self._do("abort", self.ledger.model.abort, number)

    async def finalize(self, _study: str, number: int) -> None:
        await self._do("finalize", self.ledger.model.finalize, number)

    async def retry(self, _study: str, number: int, *, attempt: int) -> None:
        await self._do("retry", self.ledger.model.retry, number, attempt=attempt)

    async def attest(
        self, _study: str, number: int, *, attempt: int, model: str, excluded: Sequence[Exclusion], possession: Digest
    ) -> None:
        left_out = [each.model_dump() for each in excluded]
        step, msp = self.ledger.model.attest, self.ledger.msp
        await self._do("attest", step, number, msp, attempt=attempt, model=model, excluded=left_out)
        self.ledger.model.attestations[number, attempt, msp]["possession"] = possession


class _Studies(_Part):
    async def list(self) -> Studies:
        self.ledger.reach()
        view = self.ledger.model.study_view().study
        summary = {
            "study": view.study,
            "version": 1,
            "state": view.state,
            "title": "A study",
            "proposer": view.proposer,
            "terms_digest": view.terms_digest,
        }
        return Studies.of({"schema": "quorate.studies/1", "studies": [summary]})

    async def get(self, _name: str) -> StudyView:
        self.ledger.reach()
        return self.ledger.model.study_view()

    async def complete(self, _name: str) -> None:
        self.ledger.reach("complete")
        self.ledger.model.complete()
        self.ledger.tell()


class _Consortium(_Part):
    async def members(self) -> MembersView:
        charter = charter_of(MEMBERS, clock_skew_ms=SKEW_MS, activated=stamp(EPOCH))
        members = [MemberView(msp=msp) for msp in MEMBERS]
        return MembersView(schema=MembersView.SCHEMA, charter=charter, members=members)


class _Policies(_Part):
    async def get(self) -> Policy:
        digest = digest_of(b"")
        return Policy.of(
            {"schema": Policy.SCHEMA, "version": 1, "digest": digest, "text": "", "in_force": stamp(EPOCH)}
        )


@dataclass
class House:
    """One gateway without its server."""

    context: GatewayContext
    ledger: LedgerAs
    exchange: FakeExchange
    clock: ManualClock

    @property
    def store(self) -> ArtifactStore:
        return self.context.store

    @classmethod
    async def build(cls, directory: Path, model: LedgerModel, msp: MspId = MEMBERS[0], **of_store: Any) -> Self:
        clock = ManualClock()
        store = await ArtifactStore.open(directory / msp, **{"reserve": 0} | of_store)
        ledger, exchange = LedgerAs(model, msp, clock), FakeExchange(store, clock)
        state = Projection(msp, ledger)
        context = GatewayContext(
            config=cast("GatewayConfig", None),
            msp=msp,
            ledger=cast("Any", ledger),
            store=store,
            exchange=cast("Any", exchange),
            state=state,
            clock=clock,
        )
        await state.load()
        return cls(context, ledger, exchange, clock)

    async def look(self) -> None:
        await self.context.state.refresh(STUDY)

    async def keep(self, data: bytes, **label: Any) -> None:
        await self.context.store.put_bytes(Label(study=STUDY, **label), data)

    async def keep_initial_model(self) -> None:
        await self.keep(initial_model(), kind=Kind.INITIAL_MODEL)


def seal_with(model: LedgerModel, updates: Mapping[MspId, bytes], *, number: int = 1, now: int = EPOCH) -> None:
    """Open the round if need be, commit these updates, decline for everybody else, and seal."""
    model.open(number, now=now)
    base = model.round_records[number]["base"]
    for msp in model.participants:
        if msp in updates:
            model.commit(number, msp, base=base, update=digest_of(updates[msp]), now=now)
        else:
            model.decline(number, msp, reason="operator", now=now)
    model.seal(number, now=now)


def update_label(msp: MspId, number: int = 1) -> Label:
    return Label(kind=Kind.UPDATE, study=StudyId(STUDY), round=number, msp=msp, dataset=DatasetId(DATASET))
