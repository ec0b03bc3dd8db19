"""A round's exchange: every member stores a 100 MB update at its gateway, and every gateway fetches all the others'.

Four gateways and four agents, each a process of its own, over mutual TLS on loopback. The ledger behind the gateways is
a double that says what a sealed round's ledger says; everything else is what runs in production.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from gateway.artifacts.exchange import Exchange
from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.transfer import FileOrigin
from gateway.service.allocator import keep_freed_memory
from gateway.service.client import connect_gateway
from gateway.service.peers import MemberGateways
from network.identity import OrganisationPaths, issue_organisation
from quorate.digest import digest_of
from quorate.identifiers import DatasetId, MspId, StudyId
from quorate.tensors import Header, Schema, write
from tests.unit.gateway.service import ledger_double as double
from tests.unit.gateway.service.house import LIMITS, House

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

ELEMENTS = 25_000_000
NAMES = ("alder", "birch", "cedar", "elm")
STUDY = StudyId("heart")
_SECONDS = 120.0


@dataclass(frozen=True)
class Update:
    """One member's update: what it is and where its file lies."""

    description: Description
    path: Path
    elements: int


def run(elements: int = ELEMENTS) -> dict[str, Any]:
    """Return seconds of upload and exchange, and what the gateways held in memory at most."""
    directory = Path(tempfile.mkdtemp(prefix="quorate-exchange-"))
    try:
        return _measure(directory, elements)
    finally:
        shutil.rmtree(directory)


def _measure(directory: Path, elements: int) -> dict[str, Any]:
    updates = {name: _make_update(directory, name, elements) for name in NAMES}
    identities = {name: issue_organisation(directory / "identities", name) for name in NAMES}
    context = multiprocessing.get_context("spawn")  # gRPC and forks do not get along
    gateways: dict[str, tuple[Any, Connection]] = {}
    for name in NAMES:
        here, there = context.Pipe()
        process = context.Process(daemon=True, target=_gateway, args=(there, name, directory, identities, updates))
        process.start()
        there.close()  # so that the end of the process is the end of the pipe
        gateways[name] = process, here
    addresses = {name: _answer(pipe) for name, (_, pipe) in gateways.items()}
    for _, pipe in gateways.values():
        pipe.send(addresses)
    uploads = _together(context, [(_upload, (addresses[n], identities[n], updates[n])) for n in NAMES])
    started = time.perf_counter()
    for _, pipe in gateways.values():
        pipe.send("seal and fetch")
    processor = sum(_answer(pipe) for _, pipe in gateways.values())
    exchange = time.perf_counter() - started
    peaks = []
    for process, pipe in gateways.values():
        pipe.send("stop")
        peaks.append(_answer(pipe))
        process.join(_SECONDS)
    return {
        "members": len(NAMES),
        "update_bytes": updates["alder"].description.size,
        "upload_seconds": round(uploads, 3),
        "exchange_seconds": round(exchange, 3),
        "round_seconds": round(uploads + exchange, 3),
        "exchange_cpu_seconds": round(processor, 3),
        "gateway_peak_rss_bytes": max(peaks),
    }


def _answer(pipe: Connection) -> Any:
    if not pipe.poll(_SECONDS):
        raise RuntimeError("a gateway does not answer")
    return pipe.recv()


def _together(context: Any, jobs: list[tuple[Any, tuple[Any, ...]]]) -> float:
    ready = [context.Barrier(len(jobs) + 1), context.Barrier(len(jobs) + 1)]
    processes = [context.Process(target=_between, args=(ready, *job)) for job in jobs]
    for process in processes:
        process.start()
    ready[0].wait(60)
    started = time.perf_counter()
    ready[1].wait(60)
    for process in processes:
        process.join()
    if any(process.exitcode for process in processes):
        raise RuntimeError("an agent failed")
    return time.perf_counter() - started


def _between(barriers: list[Any], work: Any, arguments: tuple[Any, ...]) -> None:
    barriers[0].wait(60)
    barriers[1].wait(60)
    work(*arguments)


def _msp(name: str) -> MspId:
    return MspId(f"{name.title()}MSP")


def _label(name: str) -> Label:
    return Label(kind=Kind.UPDATE, study=STUDY, round=1, msp=_msp(name), dataset=DatasetId(f"ward-{name}"))


def _make_update(directory: Path, name: str, elements: int) -> Update:
    path = directory / f"{name}.update"
    values = np.random.default_rng(sum(name.encode())).integers(-1000, 1000, elements, dtype=np.int32)
    schema = Schema.from_json([{"name": "w", "shape": [elements]}])
    header = Header.update(study=STUDY, round=1, msp=_msp(name), dataset=f"ward-{name}", base=digest_of(b"initial"))
    digest = write(path, schema, header, {"w": values})
    return Update(Description(digest=digest, size=path.stat().st_size, label=_label(name)), path, elements)


def _upload(address: str, paths: OrganisationPaths, update: Update) -> None:
    async def upload() -> None:
        pair = paths.agent_tls
        async with connect_gateway(address, tls_ca=paths.tls_ca.cert, cert=pair.cert, key=pair.key) as gateway:
            await gateway.artifacts.put(update.description, FileOrigin(update.path), within=_SECONDS)

    asyncio.run(upload())


def _gateway(
    pipe: Connection,
    name: str,
    directory: Path,
    identities: dict[str, OrganisationPaths],
    updates: dict[str, Update],
) -> None:
    double.PARTICIPANTS.clear()
    double.PARTICIPANTS.update({_msp(n): f"ward-{n}" for n in NAMES})
    double.ATTESTERS[:] = [_msp(n) for n in NAMES]

    async def serve() -> None:
        ledger = double.LedgerDouble()
        ledger.put(double.study_record(elements=updates[name].elements), double.round_record())
        house = House(_msp(name), identities[name], directory / "state" / name, ledger)
        ledger.members_ = {_msp(n): _announced(n, identities, "localhost:1") for n in NAMES}
        await house.start()
        pipe.send(f"localhost:{house.port}")
        addresses = await asyncio.to_thread(pipe.recv)
        ledger.members_ = {_msp(n): _announced(n, identities, addresses[n]) for n in NAMES}
        await house.learn()
        client = identities[name].gateway_client
        peers = MemberGateways(_msp(name), certificate=client.cert.read_bytes(), key=client.key.read_bytes())
        peers.announce(house.state.members)
        await asyncio.to_thread(pipe.recv)
        began = time.process_time()
        ledger.put(
            double.round_record(state="SEALED", included={_msp(n): str(updates[n].description.digest) for n in NAMES})
        )
        await house.learn()
        exchange = Exchange(house.store, peers, limits=LIMITS, parallel=4)
        found = await exchange.fetch_all([update.description for update in updates.values()], within=_SECONDS)
        if any(found.values()):
            raise RuntimeError(str(found))
        pipe.send(time.process_time() - began)
        await asyncio.to_thread(pipe.recv)
        await peers.close()
        await house.stop()

    keep_freed_memory()
    asyncio.run(serve())
    pipe.send(psutil.Process().memory_info().rss if sys.platform != "linux" else _peak())


def _announced(name: str, identities: dict[str, OrganisationPaths], address: str) -> double.MemberView:
    root = identities[name].tls_ca.cert.read_text()
    return double.MemberView(msp=_msp(name), address=address, tls_root=root)


def _peak() -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(), indent=2) + "\n")
