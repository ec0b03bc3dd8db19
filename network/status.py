"""How the parts of a network are found: its processes, and the ports they should answer on."""

import socket
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

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

    def but(self, state: State) -> "Status":
        """Return the same in another state."""
        return replace(self, state=state)

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


def of_process(name: str, kind: str, pid_file: Path, log: Path, *, address: str | None = None) -> Status:
    """Return how a process is found that was started with a pid file: stopped where there is none."""
    process = ProcessRecord.load(pid_file)
    if process is None:
        return Status(name=name, kind=kind, state=State.STOPPED, pid=None, address=address, log=log)
    state = State.RUNNING if process.is_alive() else State.CRASHED
    return Status(name=name, kind=kind, state=state, pid=process.pid, address=address, log=log)


def probe(address: str) -> State:
    """Tell whether a port takes connections."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=_PROBE_TIMEOUT_S):
            return State.RUNNING
    except OSError:
        return State.SILENT
