"""Submit latency and throughput, and evaluations, through the Fabric client against the embedded network.

Every figure is with one fsync for each block. The load is `dataset:Revise` by four members' stewards, each revising its
own data sets, so that nothing conflicts; the chaincode, its policies and its validation are the real ones.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

from gateway.fabric import Endpoint, FileIdentity, Tls, connect
from gateway.ledger import Ledger
from network import embedded_engine
from network.consortium import found_consortium
from network.home import NetworkHome
from network.identity import Role
from network.topology import Topology
from quorate.digest import digest_of
from quorate.records.common import make
from quorate.records.dataset import Register, Revise

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from network.connection import Connection, OrganisationConnection

SEQUENTIAL = 100
SUBMITTERS = 60
EACH = 20
EVALUATIONS = 2000


def run(*, sequential: int = SEQUENTIAL, submitters: int = SUBMITTERS, each: int = EACH) -> dict[str, Any]:
    """Return the figures; times in milliseconds, rates per second, memory in bytes."""
    with tempfile.TemporaryDirectory(prefix="quorate-bench-") as directory:
        began = time.monotonic()
        network = embedded_engine.start(
            NetworkHome(Path(directory)),
            Topology.for_members(["Alder", "Birch", "Chestnut", "Elm"]),
            dies_with_parent=True,
        )
        up = time.monotonic() - began
        try:
            figures = asyncio.run(_load(network.connection, sequential, submitters, each))
            resident = _resident(network.process.pid)
        finally:
            network.stop()
    return {"network_up_ms": round(up * 1000, 1), **figures, "network_resident_bytes": resident}


async def _load(connection: Connection, sequential: int, submitters: int, each: int) -> dict[str, Any]:
    await found_consortium(connection)
    async with _stewards(connection) as ledgers:
        names = [f"d{number}" for number in range(submitters)]
        await asyncio.gather(*(ledgers[i % 4].dataset.register(_registration(name)) for i, name in enumerate(names)))
        latencies = []
        for number in range(sequential):
            began = time.perf_counter()
            await ledgers[0].dataset.revise(_revision(names[0], number))
            latencies.append((time.perf_counter() - began) * 1000)
        rate, waits = await _throughput(ledgers, names, each)
        began = time.perf_counter()
        await _evaluations(ledgers[0])
        evaluations = EVALUATIONS / (time.perf_counter() - began)
    return {
        "submit_sequential_ms_median": round(median(latencies), 2),
        "submit_sequential_ms_p95": round(quantiles(latencies, n=20)[-1], 2),
        "submitters": submitters,
        "commits_per_second": round(rate, 1),
        "submit_loaded_ms_median": round(median(waits), 1),
        "evaluations_per_second": round(evaluations, 1),
    }


async def _throughput(ledgers: list[Ledger], names: list[str], each: int) -> tuple[float, list[float]]:
    waits: list[float] = []

    async def one(index: int, name: str) -> None:
        for number in range(each):
            began = time.perf_counter()
            await ledgers[index % 4].dataset.revise(_revision(name, 10_000 + number))
            waits.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(one(index, name) for index, name in enumerate(names)))
    return len(waits) / (time.perf_counter() - began), waits


async def _evaluations(ledger: Ledger) -> None:
    turns = asyncio.Semaphore(16)

    async def one() -> None:
        async with turns:
            await ledger.consortium.members()

    await asyncio.gather(*(one() for _ in range(EVALUATIONS)))


@asynccontextmanager
async def _stewards(connection: Connection) -> AsyncIterator[list[Ledger]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(_steward(connection, each)) for each in connection.organisations]


@asynccontextmanager
async def _steward(connection: Connection, organisation: OrganisationConnection) -> AsyncIterator[Ledger]:
    pair, paths = organisation.paths.identity(Role.STEWARD), organisation.paths
    identity, signer = FileIdentity(msp_id=organisation.msp_id, certificate=pair.cert, key=pair.key).load()
    tls = Tls.from_files(
        roots=organisation.tls_ca,
        certificate=paths.gateway_client.cert,
        key=paths.gateway_client.key,
        server_name=organisation.server_name,
    )
    async with connect(Endpoint(organisation.address, tls), identity, signer) as gateway:
        yield Ledger(gateway.network(connection.channel).contract(connection.chaincode))


def _registration(name: str) -> Register:
    return make(
        Register,
        dataset=name,
        title="bench",
        unit="record",
        adjacency="add-or-remove-one",
        purposes=["research"],
        protection="unprotected",
        fingerprint=_fingerprint(name),
    )


def _revision(name: str, number: int) -> Revise:
    return make(
        Revise,
        dataset=name,
        title=f"bench {number}",
        purposes=["research"],
        fingerprint=_fingerprint(f"{name}/{number}"),
    )


def _fingerprint(text: str) -> str:
    return digest_of(text.encode())


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=2)
    print()
