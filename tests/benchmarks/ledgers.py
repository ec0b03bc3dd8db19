"""The two chaincodes that benchmarks put side by side, Quorate's and the smallest there is, on the same peers."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.fabric import Endpoint, FileIdentity, Tls, connect
from network.chaincode_node import chaincode_node
from network.engine import ChaincodeProgram, Engine, driver
from network.home import NetworkHome
from network.identity import Role
from network.lifecycle import Member, deploy, service_package
from network.own_programs import find_chaincode_program
from network.ports import keep_or_choose
from network.process_node import stop_all
from network.topology import Topology

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gateway.fabric import Contract
    from network.connection import Connection, OrganisationConnection
    from network.engine import RunningNetwork
    from network.process_node import ProcessNode

MEMBERS: Final = ("Alder", "Birch", "Cedar", "Elm")
_SOURCES: Final = Path(__file__).parent / "raw"


@dataclass(frozen=True)
class Ledgers:
    """Where each chaincode is; on real Fabric both are on one channel."""

    ours: Connection
    raw: Connection
    raw_chaincode: str
    programs: tuple[int, ...]

    def resident_bytes(self) -> int:
        """Return the memory of the programs that serve `ours`."""
        return sum(_resident(pid) for pid in self.programs)


def missing(engine: str) -> str | None:
    """Return what an engine lacks here, as one sentence."""
    if shutil.which("go") is None:
        return "the smallest chaincode is built from source, which needs Go"
    return driver(Engine(engine)).missing()


@contextmanager
def ledgers(engine: str, directory: Path) -> Iterator[Ledgers]:
    """Run both chaincodes, each organisation's in a process of its own, for four organisations."""
    program = _build(directory)
    ours = ChaincodeProgram(command=(str(find_chaincode_program()),))
    network = _start(engine, directory / "ours", ours)
    stop = [network]
    try:
        programs = tuple(node.pid for node in network.nodes.values() if node.pid)
        if engine == Engine.EMBEDDED:
            # One channel has one chaincode there, so the other has a network of its own beside it.
            second = _start(engine, directory / "raw", ChaincodeProgram(command=(str(program),)))
            stop.append(second)
            yield Ledgers(network.connection, second.connection, second.connection.chaincode, programs)
        else:
            with _deployed(network.connection, program, directory / "raw"):
                yield Ledgers(network.connection, network.connection, "raw", programs)
    finally:
        for each in reversed(stop):
            each.stop()


@asynccontextmanager
async def contracts(connection: Connection, chaincode: str) -> AsyncIterator[list[Contract]]:
    """Open a chaincode as every organisation's steward, each at its own peer."""
    async with AsyncExitStack() as stack:
        opened = []
        for member in connection.organisations:
            gateway = connect(_endpoint(member), *_load(member, Role.STEWARD))
            network = (await stack.enter_async_context(gateway)).network(connection.channel)
            opened.append(network.contract(chaincode))
        yield opened


def _build(directory: Path) -> Path:
    program = directory / "raw-chaincode"
    command = ["go", "build", "-trimpath", "-o", str(program), "."]
    environment = os.environ | {"CGO_ENABLED": "0"}
    subprocess.run(command, cwd=_SOURCES, env=environment, check=True, timeout=600)
    return program


def _start(engine: str, directory: Path, chaincode: ChaincodeProgram) -> RunningNetwork:
    topology = Topology.for_members(MEMBERS)
    return driver(Engine(engine)).start(NetworkHome(directory), topology, chaincode=chaincode, dies_with_parent=True)


@contextmanager
def _deployed(connection: Connection, program: Path, directory: Path) -> Iterator[None]:
    """Deploy the smallest chaincode beside the other one, on every peer of a network of real Fabric."""
    directory.mkdir()
    ports = keep_or_choose(directory / "ports.json", [member.name for member in connection.organisations])
    nodes: list[ProcessNode] = []
    members = []
    try:
        for member in connection.organisations:
            paths = member.paths
            tls = Tls.from_files(
                roots=paths.tls_ca.cert,
                certificate=paths.peer_tls.cert,
                key=paths.peer_tls.key,
                server_name="localhost",
            )
            package = service_package("raw_1", f"127.0.0.1:{ports[member.name]}", tls)
            node = chaincode_node(
                member.name,
                paths,
                command=(str(program),),
                package_id=package.package_id,
                port=ports[member.name],
                directory=directory / member.name,
                dies_with_parent=True,
            )
            node.launch()
            nodes.append(node)
            identity, signer = FileIdentity(
                msp_id=member.msp_id, certificate=paths.admin.cert, key=paths.admin.key
            ).load()
            members.append(Member(identity=identity, signer=signer, peers=(_endpoint(member),), package=package))
        for node in nodes:
            node.wait_ready()
        asyncio.run(deploy(members, channel=connection.channel, chaincode="raw", version="1"))
        yield
    finally:
        stop_all(nodes)


def _endpoint(member: OrganisationConnection) -> Endpoint:
    pair = member.paths.gateway_client
    tls = Tls.from_files(roots=member.tls_ca, certificate=pair.cert, key=pair.key, server_name=member.server_name)
    return Endpoint(member.address, tls)


def _load(member: OrganisationConnection, role: Role) -> tuple[object, object]:
    pair = member.paths.identity(role)
    return FileIdentity(msp_id=member.msp_id, certificate=pair.cert, key=pair.key).load()


def _resident(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
