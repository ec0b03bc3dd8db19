"""Several gateways on one ledger model, in real time: each sees every change, and fetches from the others' stores."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from gateway.aggregator import run
from gateway.artifacts.label import Description, Kind, Label
from gateway.service.clock import SystemClock
from quorate.digest import digest_of
from quorate.errors import NotFoundError, QuorateError
from tests.unit.gateway.aggregator.house import (
    PLAN_BYTES,
    House,
    LedgerAs,
    initial_model,
    plain_ledger,
    update_label,
    update_of,
)
from tests.unit.gateway.aggregator.ledger_model import MEMBERS, STUDY, LedgerModel

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from gateway.artifacts.store import ArtifactStore
    from quorate.digest import Digest
    from quorate.identifiers import MspId

_LOOK_AGAIN = 0.02


@dataclass
class Neighbours:
    """Stands in for `Exchange`: what any other gateway of the village has can be had, until one withholds it."""

    store: ArtifactStore
    others: Callable[[], Iterable[ArtifactStore]]
    withheld: set[Digest] = field(default_factory=set)

    async def fetch(self, description: Description, *, within: float) -> None:
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not self.store.has(description.digest):
            found = next((other for other in self.others() if other.has(description.digest)), None)
            if found is not None and description.digest not in self.withheld:
                await self.store.receive(description, found.read(description.digest))
            elif loop.time() > end:
                raise NotFoundError(f"nobody has {description.label}")
            else:
                await asyncio.sleep(_LOOK_AGAIN)
        await self.store.attach(description.digest, description.label)

    async def fetch_all(
        self, descriptions: Iterable[Description], *, within: float
    ) -> dict[Digest, QuorateError | None]:
        wanted = list(descriptions)
        found = await asyncio.gather(*(self.fetch(each, within=within) for each in wanted), return_exceptions=True)
        return {
            each.digest: result if isinstance(result, QuorateError) else None
            for each, result in zip(wanted, found, strict=True)
        }

    async def fetch_named(self, digest: Digest, label: Label, *, within: float) -> Description:
        description = Description(digest=digest, size=len(PLAN_BYTES), label=label)
        await self.fetch(description, within=within)
        return description


class Village:
    """Gateways that run, and agents that commit as soon as a round opens."""

    def __init__(self, model: LedgerModel) -> None:
        self.model = model
        self.houses: dict[MspId, House] = {}
        self.tasks: dict[MspId, asyncio.Task[None]] = {}
        self.ledgers: dict[MspId, LedgerAs] = {}
        self.exchanges: dict[MspId, Neighbours] = {}
        self._background: set[asyncio.Task[None]] = set()
        self.hears_nothing = False

    async def build(self, directory: Path, msp: MspId) -> None:
        house = await House.build(directory, self.model, msp)
        clock = SystemClock()
        ledger = house.ledger
        ledger.clock = clock
        ledger.changed.append(self.tell)
        exchange = Neighbours(house.store, lambda: [each.store for each in self.houses.values() if each is not house])
        self.ledgers[msp], self.exchanges[msp] = ledger, exchange
        house.context = replace(house.context, clock=clock, exchange=cast("Any", exchange))
        self.houses[msp] = house

    def start(self, msp: MspId) -> None:
        self.tasks[msp] = asyncio.create_task(run(self.houses[msp].context), name=f"gateway {msp}")

    async def stop(self, msp: MspId) -> None:
        task = self.tasks.pop(msp)
        task.cancel()
        await asyncio.wait([task])

    def tell(self) -> None:
        """Let every gateway that can read the ledger look at it, as a chaincode event would."""
        for house in self.houses.values():
            task = asyncio.create_task(self._look(house))
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    async def _look(self, house: House) -> None:
        if self.hears_nothing:
            return
        try:
            await house.look()
        except QuorateError:
            return

    async def commit(self, msp: MspId, values: tuple[int, ...], *, number: int, keep: bool = True) -> bytes:
        base = self.model.round_records[number]["base"]
        data = update_of(msp, values, base=base, round_=number)
        if keep:
            label = update_label(msp, number)
            await self.houses[msp].keep(data, kind=label.kind, round=number, msp=msp, dataset=label.dataset)
        self.model.commit(number, msp, base=base, update=digest_of(data), now=SystemClock()())
        self.tell()
        return data

    def end_commits(self, number: int) -> None:
        """Let the time for commits be over now."""
        self.model.round_records[number]["commit_by"] = SystemClock()()
        self.tell()

    async def until(self, happened: Callable[[], bool], *, seconds: float = 100.0) -> None:
        async with asyncio.timeout(seconds):
            while not happened():
                for task in self.tasks.values():
                    if task.done():
                        task.result()
                await asyncio.sleep(_LOOK_AGAIN)

    async def until_open(self, number: int) -> None:
        await self.until(lambda: number in self.model.round_records)

    async def close(self) -> None:
        for msp in list(self.tasks):
            await self.stop(msp)
        await asyncio.gather(*self._background)


def calm_ledger(**terms: Any) -> LedgerModel:
    """Return a ledger whose deadlines no slow machine misses: real time passes in a village."""
    return plain_ledger(**{"commit_timeout_ms": 60_000, "attest_timeout_ms": 60_000} | terms)


@asynccontextmanager
async def village(directory: Path, model: LedgerModel, *running: MspId) -> AsyncIterator[Village]:
    """Build every member's gateway and start some; the first one has plan and initial model."""
    found = Village(model)
    for msp in MEMBERS:
        await found.build(directory, msp)
    author = found.houses[MEMBERS[0]]
    await author.keep_initial_model()
    await author.keep(PLAN_BYTES, kind=Kind.PLAN)
    for msp in running or MEMBERS:
        found.start(msp)
    try:
        yield found
    finally:
        await found.close()


def holds_everything(house: House) -> bool:
    return house.store.has(digest_of(PLAN_BYTES)) and house.store.has(digest_of(initial_model()))


__all__ = ["STUDY", "Village", "calm_ledger", "holds_everything", "village"]
