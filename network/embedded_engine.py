"""The embedded engine: start the program in a directory, connect, end it."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from network.chaincode_node import chaincode_name, chaincode_node
from network.connection import Connection, OrdererConnection, OrganisationConnection, PeerConnection
from network.embedded_config import Ready, embedded_config, notice_of
from network.engine import ChaincodeProgram
from network.home import NetworkHome
from network.identity import OrdererPaths, OrganisationPaths, issue_orderer, issue_organisation
from network.logs import follow_log, writer_of
from network.own_programs import find_embedded_program
from network.pidfile import ProcessRecord
from network.ports import keep_or_choose
from network.process import Process, Program
from network.process_node import ProcessNode, stop_all, stop_recorded
from network.status import State, Status, of_process, probe
from network.topology import Topology
from quorate.errors import ConflictError, DefectError, QuorateError

READY_TIMEOUT_S = 120.0
STOP_GRACE_S = 10.0
_NAME = "embedded"


@dataclass(frozen=True, kw_only=True)
class RunningNetwork:
    """A network that this process started: `network.engine.RunningNetwork`."""

    home: NetworkHome
    connection: Connection
    nodes: Mapping[str, ProcessNode]

    @property
    def process(self) -> Process:
        """The process that is the network, while this process is its parent."""
        process = self.nodes[_NAME].process
        if process is None:
            raise DefectError("The network's process was released, and is asked for.")
        return process

    def stop(self) -> None:
        """End it, and forget how to connect. Repeating it changes nothing."""
        stop_all(self.nodes.values(), grace_s=STOP_GRACE_S)
        self.home.connection.unlink(missing_ok=True)

    def release(self) -> None:
        """Let it outlive this process."""
        for node in self.nodes.values():
            node.release()


class EmbeddedDriver:
    """The embedded engine, as `network.engine.Driver`."""

    def missing(self) -> str | None:
        """Return None if this engine can run here, else what is missing."""
        try:
            find_embedded_program()
        except QuorateError as error:
            return str(error)
        return None

    def start(
        self,
        home: NetworkHome,
        topology: Topology,
        *,
        chaincode: ChaincodeProgram | None = None,
        dies_with_parent: bool = False,
    ) -> RunningNetwork:
        """Start the embedded network; see `start`."""
        return start(home, topology, chaincode=chaincode, dies_with_parent=dies_with_parent)

    def stop(self, home: NetworkHome) -> bool:
        """End the network in a directory; see `stop`."""
        return stop(home)

    def status(self, home: NetworkHome) -> list[Status]:
        """Return how the program is, its ports if it should be running, and chaincode processes if there are any."""
        return status(home)

    def logs(self, home: NetworkHome) -> Mapping[str, Path]:
        """Return the logs by node name."""
        return {_NAME: home.log} | {
            directory.name: directory / "node.log" for directory in _chaincode_directories(home)
        }

    def follow(self, home: NetworkHome, name: str) -> Iterator[str]:
        """Yield a node's log, then what is added to it, until the node ends."""
        log = self.logs(home)[name]
        return follow_log(log, writer_of(log))


def start(
    home: NetworkHome,
    topology: Topology,
    *,
    chaincode: ChaincodeProgram | None = None,
    dies_with_parent: bool = False,
) -> RunningNetwork:
    """Start the embedded network in a directory and return once it answers.

    The ledger in the directory, if there is one, goes on where it was. Identities that are lacking are issued. With
    `chaincode` each organisation's is a process of its own; otherwise Quorate's runs inside the program.

    Raises
    ------
    ConflictError
        If it runs already, another command is at work on it, or its ledger was made from another topology.
    UnreachableError
        If the program ended before it was ready.
    TimedOutError
        If it was not ready after `READY_TIMEOUT_S`.
    UsageError
        If the program is not installed.
    """
    executable = find_embedded_program()
    with home.locked():
        _refuse_if_running(home)
        home.adopt(topology, _NAME)
        organisations = {
            member.name: issue_organisation(home.identities, member.name) for member in topology.organisations
        }
        orderer = issue_orderer(home.identities, topology.orderer.name)
        services = _chaincode_services(home, topology, organisations, chaincode, dies_with_parent=dies_with_parent)
        config = embedded_config(topology, organisations, orderer, services)
        home.config.write_text(json.dumps(config, indent=2), encoding="utf-8")
        program = Program(
            name="the embedded network",
            command=(str(executable), "--config", str(home.config), "--data", str(home.ledger)),
            log=home.log,
            pid_file=home.pid_file,
            dies_with_parent=dies_with_parent,
        )
        node = ProcessNode(name=_NAME, kind="process", address=None, program=program, ready=_line)
        nodes = {node.name: node} | {service.name: service for service in services.values()}
        try:
            connection = _launch(node, services, topology, organisations, orderer)
            connection.save(home.connection)
        except BaseException:
            stop_all(nodes.values(), grace_s=1.0)
            raise
    return RunningNetwork(home=home, connection=connection, nodes=nodes)


def stop(home: NetworkHome) -> bool:
    """End the network in a directory, whoever started it, and tell whether one was running.

    Raises
    ------
    ConflictError
        If another command is at work on it.
    TimedOutError
        If it cannot be ended.
    """
    with home.locked():
        was_running = stop_recorded(_pid_files(home), grace_s=STOP_GRACE_S)
        home.connection.unlink(missing_ok=True)
    return was_running


def status(home: NetworkHome) -> list[Status]:
    """Return how the network's process is, and each of the ports it serves if it should be running."""
    process = of_process(_NAME, "process", home.pid_file, home.log)
    services = [
        of_process(one.name, "chaincode", one / "node.pid", one / "node.log")
        for one in _chaincode_directories(home)
        if (one / "node.pid").exists()
    ]
    if process.state is not State.RUNNING or not home.connection.exists():
        return [process, *services]
    connection = Connection.load(home.connection)
    ports = [(member.name, "peer", member.address) for member in connection.organisations]
    ports.append((connection.orderer.name, "orderer", connection.orderer.address))
    served = [
        Status(name=name, kind=kind, state=probe(address), pid=process.pid, address=address, log=home.log)
        for name, kind, address in ports
    ]
    return [process, *served, *services]


def _refuse_if_running(home: NetworkHome) -> None:
    running = ProcessRecord.load(home.pid_file)
    if running is not None and running.is_alive():
        hint = "Connect to it, or end it: quorate network down"
        raise ConflictError(f"The network in {home.directory} runs already, as process {running.pid}.", hint=hint)
    stop_recorded(_pid_files(home), grace_s=STOP_GRACE_S)  # chaincode processes whose network crashed


def _chaincode_services(
    home: NetworkHome,
    topology: Topology,
    organisations: dict[str, OrganisationPaths],
    chaincode: ChaincodeProgram | None,
    *,
    dies_with_parent: bool,
) -> dict[str, ProcessNode]:
    if chaincode is None:
        return {}
    label = f"{topology.chaincode}_{topology.chaincode_version}"
    package_id = f"{label}:{hashlib.sha256(label.encode()).hexdigest()}"  # nothing is installed, and it wants an id
    ports = keep_or_choose(home.directory / "ports.json", [chaincode_name(name) for name in organisations])
    return {
        name: chaincode_node(
            name,
            paths,
            command=chaincode.command,
            package_id=package_id,
            port=ports[chaincode_name(name)],
            directory=home.nodes / chaincode_name(name),
            dies_with_parent=dies_with_parent,
        )
        for name, paths in organisations.items()
    }


def _launch(
    node: ProcessNode,
    services: dict[str, ProcessNode],
    topology: Topology,
    organisations: dict[str, OrganisationPaths],
    orderer: OrdererPaths,
) -> Connection:
    for service in services.values():
        service.launch()
    for service in services.values():
        service.wait_ready()
    node.launch()
    ready = Ready.parse(str(node.wait_ready(timeout_s=READY_TIMEOUT_S)), topology)
    return _connection(topology, ready, node.pid, organisations, orderer)


def _line(process: Process, timeout_s: float) -> str:
    return process.wait_ready(timeout_s=timeout_s)


def _chaincode_directories(home: NetworkHome) -> list[Path]:
    return sorted(home.nodes.glob("chaincode.*"))


def _pid_files(home: NetworkHome) -> list[Path]:
    return [home.pid_file, *(directory / "node.pid" for directory in _chaincode_directories(home))]


def _connection(
    topology: Topology,
    ready: Ready,
    pid: int | None,
    organisations: dict[str, OrganisationPaths],
    orderer: OrdererPaths,
) -> Connection:
    first = OrdererConnection(
        name=topology.orderer.name,
        msp_id=topology.orderer.msp_id,
        address=ready.orderer,
        tls_ca=orderer.tls_ca.cert,
    )
    return Connection(
        engine="embedded",
        channel=ready.channel,
        chaincode=topology.chaincode,
        genesis=ready.genesis,
        notice=notice_of(ready, topology),
        pid=pid,
        organisations=tuple(
            OrganisationConnection(
                name=member.name,
                msp_id=member.msp_id,
                address=ready.peers[member.msp_id],
                directory=organisations[member.name].root,
                tls_ca=organisations[member.name].tls_ca.cert,
                identities=organisations[member.name].identities,
                peers=(PeerConnection(name=f"peer0.{member.name}", address=ready.peers[member.msp_id]),),
            )
            for member in topology.organisations
        ),
        orderer=first,
        orderers=(first,),
    )
