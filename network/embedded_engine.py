"""The embedded engine: start the program in a directory, connect, end it."""

import json
from dataclasses import dataclass

from network import signals
from network.connection import Connection, OrdererConnection, OrganisationConnection
from network.embedded_config import Ready, embedded_config
from network.embedded_program import find_embedded_program
from network.home import NetworkHome
from network.identity import OrdererPaths, OrganisationPaths, issue_orderer, issue_organisation
from network.pidfile import ProcessRecord
from network.process import Process, Program, launch
from network.topology import Topology
from quorate.errors import ConflictError

READY_TIMEOUT_S = 20.0
STOP_GRACE_S = 10.0


@dataclass(frozen=True, kw_only=True)
class RunningNetwork:
    """A network that this process started."""

    home: NetworkHome
    connection: Connection
    process: Process

    def stop(self) -> None:
        """End it, and forget how to connect."""
        self.process.stop(grace_s=STOP_GRACE_S)
        self.home.connection.unlink(missing_ok=True)


def start(home: NetworkHome, topology: Topology, *, dies_with_parent: bool = False) -> RunningNetwork:
    """Start the embedded network in a directory and return once it answers.

    The ledger in the directory, if there is one, goes on where it was. Identities that are lacking are issued.

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
        running = ProcessRecord.load(home.pid_file)
        if running is not None and running.is_alive():
            hint = "Connect to it, or end it: quorate network down"
            raise ConflictError(f"The network in {home.directory} runs already, as process {running.pid}.", hint=hint)
        home.adopt(topology)
        organisations = {
            member.name: issue_organisation(home.identities, member.name) for member in topology.organisations
        }
        orderer = issue_orderer(home.identities, topology.orderer.name)
        home.config.write_text(
            json.dumps(embedded_config(topology, organisations, orderer), indent=2), encoding="utf-8"
        )
        process = launch(
            Program(
                name="the embedded network",
                command=(str(executable), "--config", str(home.config), "--data", str(home.ledger)),
                log=home.log,
                pid_file=home.pid_file,
                dies_with_parent=dies_with_parent,
            )
        )
        try:
            ready = Ready.parse(process.wait_ready(timeout_s=READY_TIMEOUT_S), topology)
            connection = _connection(topology, ready, process.pid, organisations, orderer)
            connection.save(home.connection)
        except BaseException:
            process.stop(grace_s=1.0)
            raise
    return RunningNetwork(home=home, connection=connection, process=process)


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
        process = ProcessRecord.load(home.pid_file)
        was_running = process is not None and process.is_alive()
        if process is not None:
            signals.stop(process, grace_s=STOP_GRACE_S)
        home.pid_file.unlink(missing_ok=True)
        home.connection.unlink(missing_ok=True)
    return was_running


def _connection(
    topology: Topology, ready: Ready, pid: int, organisations: dict[str, OrganisationPaths], orderer: OrdererPaths
) -> Connection:
    return Connection(
        engine="embedded",
        channel=ready.channel,
        chaincode=topology.chaincode,
        genesis=ready.genesis,
        notice=ready.notice,
        pid=pid,
        organisations=tuple(
            OrganisationConnection(
                name=member.name,
                msp_id=member.msp_id,
                address=ready.peers[member.msp_id],
                directory=organisations[member.name].root,
                tls_ca=organisations[member.name].tls_ca.cert,
                identities=organisations[member.name].identities,
            )
            for member in topology.organisations
        ),
        orderer=OrdererConnection(
            name=topology.orderer.name,
            msp_id=topology.orderer.msp_id,
            address=ready.orderer,
            tls_ca=orderer.tls_ca.cert,
        ),
    )
