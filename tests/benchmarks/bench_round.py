"""What the ledger costs a round with five organisations: nobody trains, and a step begins when the last one is done.

Open; every participant reserves its charge and commits, all at the same time; seal; every organisation attests, all at
the same time; finalize. The bytes are those of the blocks.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from network.consortium import found_consortium
from network.engine import Engine, driver
from network.home import NetworkHome
from network.identity import Role
from network.topology import Topology
from quorate.digest import digest_of
from quorate.records import functions as f
from quorate.tensors import Header, encode
from tests.integration.evidence_walk import SCHEMA, Walk

if TYPE_CHECKING:
    from network.connection import Connection

ORGANISATIONS: Final = ("Alder", "Birch", "Cedar", "Elm", "Fir")
ROUNDS: Final = 10
_STUDY: Final = "bench"


def run(*, engine: str = "embedded", rounds: int = ROUNDS) -> dict[str, Any]:
    """Return medians over the rounds; times in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="quorate-bench-", ignore_cleanup_errors=True) as directory:
        topology = Topology.for_members(ORGANISATIONS)
        network = driver(Engine(engine)).start(NetworkHome(Path(directory)), topology, dies_with_parent=True)
        try:
            return asyncio.run(_measure(network.connection, rounds)) | {"load_average": os.getloadavg()}
        finally:
            network.stop()


def missing(engine: str) -> str | None:
    """Return what an engine lacks here, as one sentence."""
    return driver(Engine(engine)).missing()


async def _measure(connection: Connection, rounds: int) -> dict[str, Any]:
    await found_consortium(connection)
    async with AsyncExitStack() as stack:
        rig = _Rig(connection, stack, _STUDY)
        rig.rounds = rounds
        await rig.register(["100"] * len(ORGANISATIONS))
        await rig.agree()
        await rig.connect()
        before = await rig.written()
        steps = [await rig.timed(number) for number in range(1, rounds + 1)]
        written = await rig.written() - before
    return {
        "organisations": len(ORGANISATIONS),
        "rounds": rounds,
        "round_ms": round(median(sum(each.values()) for each in steps), 1),
        "round_ms_worst": round(max(sum(each.values()) for each in steps), 1),
        "steps_ms": {name: round(median(each[name] for each in steps), 1) for name in steps[0]},
        "bytes_per_member_round": written // (rounds * len(ORGANISATIONS)),
    }


class _Rig(Walk):
    """The steps of tests of evidence, everybody's at the same time."""

    rounds: int

    def terms(self, **changes: object) -> dict[str, Any]:
        return super().terms(rounds=self.rounds, max_rounds=self.rounds + 1, **changes)

    async def connect(self) -> None:
        """Open every connection that a round needs."""
        for name in self.names:
            for role in (Role.AGENT, Role.AGGREGATOR):
                session = await self.as_(name, role)
                await session.ledger.consortium.get()

    async def written(self) -> int:
        """Return the bytes of all blocks."""
        session = await self.as_(self.names[0], Role.OFFICER)
        return sum([len(block.SerializeToString()) async for block in session.network.blocks()])

    async def timed(self, number: int) -> dict[str, float]:
        where = {"study": self.study, "round": number}
        first, steps = self.names[0], _Steps()
        opened = await self.call(first, Role.AGGREGATOR, f.ROUND_OPEN, **where)
        steps.end("open")
        await asyncio.gather(
            *(self.call(name, Role.AGENT, f.PRIVACY_RESERVE, **where, dataset=self.study) for name in self.names)
        )
        steps.end("reserve")
        files = {name: self._update(name, opened) for name in self.names}
        steps.skip()
        await asyncio.gather(
            *(
                self.call(
                    name,
                    Role.AGENT,
                    f.ROUND_COMMIT,
                    **where,
                    dataset=self.study,
                    base=opened.base,
                    update=digest_of(files[name]),
                )
                for name in self.names
            )
        )
        steps.end("commit")
        sealed = await self.call(first, Role.AGGREGATOR, f.ROUND_SEAL, **where)
        steps.end("seal")
        found = {digest_of(data): data for data in files.values()}
        sources = [found[included.update] for included in sealed.included]
        model = digest_of(f"model {number}".encode())
        steps.skip()
        await asyncio.gather(*(self.attest(name, sealed, model, sources) for name in self.names))
        steps.end("attest")
        final = await self.call(first, Role.AGGREGATOR, f.ROUND_FINALIZE, **where)
        steps.end("finalize")
        if final.state != "FINAL":
            raise RuntimeError(f"round {number} ended as {final.state}")
        return steps.took

    def _update(self, name: str, opened: Any) -> bytes:
        header = Header.update(
            study=self.study, round=opened.round, msp=self.msps[name], dataset=self.study, base=opened.base
        )
        return encode(SCHEMA, header, {"weight": np.array([len(name), 2, 3, opened.round], np.int32)})


class _Steps:
    def __init__(self) -> None:
        self.took: dict[str, float] = {}
        self.skip()

    def skip(self) -> None:
        self._began = time.perf_counter()

    def end(self, name: str) -> None:
        self.took[name] = (time.perf_counter() - self._began) * 1000
        self.skip()


if __name__ == "__main__":
    json.dump(run(engine=sys.argv[1] if len(sys.argv) > 1 else "embedded"), sys.stdout, indent=2)
    print()
