"""How a network is found: its process, and the ports it should answer on."""

import socket
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from network.connection import Connection
from network.home import NetworkHome
from network.pidfile import ProcessRecord

_PROBE_TIMEOUT_S = 1.0


class State(StrEnum):
    """How a process or a port is found."""

    RUNNING = "running"
    STOPPED = "stopped"
    CRASHED = "crashed"
    SILENT = "silent"


@dataclass(frozen=True, kw_only=True)
class Status:
    """One line of a network's status: a process, or a port that it serves."""

    name: str
    kind: str
    state: State
    pid: int | None
    address: str | None
    log: Path

    def as_row(self) -> dict[str, object]:
        """Return the line as plain values."""
        return {
            "schema": "quorate.network.status/1",
            "name": self.name,
            "kind": self.kind,
            "state": self.state.value,
            "pid": self.pid,
            "address": self.address,
            "log": str(self.log),
        }


def network_status(home: NetworkHome) -> list[Status]:
    """Return how the network's process is, and each of the ports it serves if it should be running."""
    process = ProcessRecord.load(home.pid_file)
    if process is None:
        return [Status(name="embedded", kind="process", state=State.STOPPED, pid=None, address=None, log=home.log)]
    alive = process.is_alive()
    state = State.RUNNING if alive else State.CRASHED
    found = [Status(name="embedded", kind="process", state=state, pid=process.pid, address=None, log=home.log)]
    if not alive or not home.connection.exists():
        return found
    connection = Connection.load(home.connection)
    ports = [(member.name, "peer", member.address) for member in connection.organisations]
    ports.append((connection.orderer.name, "orderer", connection.orderer.address))
    return found + [
        Status(name=name, kind=kind, state=_probe(address), pid=process.pid, address=address, log=home.log)
        for name, kind, address in ports
    ]


def _probe(address: str) -> State:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_PROBE_TIMEOUT_S):
            return State.RUNNING
    except OSError:
        return State.SILENT
