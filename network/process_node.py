"""A node of a network that is one process on this machine: started, watched, frozen, killed and started again."""

import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from network import signals
from network.pidfile import ProcessRecord
from network.process import Process, Program, launch
from quorate.errors import UnreachableError

READY_TIMEOUT_S = 120.0
STOP_GRACE_S = 10.0

Ready = Callable[[Process, float], object]
"""Waits until a process that was just launched answers, at most so many seconds."""


@dataclass(kw_only=True)
class ProcessNode:
    """A node that is one process: `network.engine.Node`, and how its engine starts and ends it.

    Attributes
    ----------
    name, kind, address
        As `network.engine.Node` has them.
    program : Program
        What to run.
    ready : callable
        Waits until the process answers; its result is nobody's but the engine's.
    """

    name: str
    kind: str
    address: str | None
    program: Program
    ready: Ready
    process: Process | None = field(default=None, repr=False)

    @property
    def log(self) -> Path:
        """Where its log is."""
        return self.program.log

    @property
    def record(self) -> ProcessRecord | None:
        """Its process as it was written down, whoever started it and whether or not it still runs."""
        return ProcessRecord.load(self.program.pid_file)

    @property
    def pid(self) -> int | None:
        """Its process id; None while it does not run."""
        record = self.record
        return record.pid if record is not None and record.is_alive() else None

    def is_alive(self) -> bool:
        """Tell whether it runs, paused or not."""
        return self.pid is not None

    def launch(self) -> None:
        """Start it without waiting for it."""
        if self.process is not None:
            self.process.stop()
        self.process = launch(self.program)

    def wait_ready(self, *, timeout_s: float = READY_TIMEOUT_S) -> object:
        """Wait until it answers, if this process launched it, and return what `ready` returned."""
        return None if self.process is None else self.ready(self.process, timeout_s)

    def start(self) -> None:
        """Start it again where it was, and return when it answers. One that runs goes on.

        Raises
        ------
        UnreachableError
            If it ended before it was ready.
        TimedOutError
            If it was not ready in time.
        """
        if not self.is_alive():
            self.launch()
            self.wait_ready()

    def kill(self) -> None:
        """End it at once, as a crash does, and return when it is gone."""
        self._signal(signal.SIGKILL)
        if (record := self.record) is not None and not signals.wait_until_gone(record, timeout_s=STOP_GRACE_S):
            raise UnreachableError(f"{self.program.name} did not end within {STOP_GRACE_S:g} s of SIGKILL.")
        if self.process is not None:
            self.process.reap()

    def pause(self) -> None:
        """Freeze it: its connections stay open and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._signal(signal.SIGCONT)

    def terminate(self) -> None:
        """Ask it to end, without waiting for it."""
        self._signal(signal.SIGTERM)
        self._signal(signal.SIGCONT)

    def stop(self, *, grace_s: float = STOP_GRACE_S) -> None:
        """End it in order, or at once after `grace_s` seconds, and forget it."""
        if self.process is not None:
            self.process.stop(grace_s=grace_s)
        elif (record := self.record) is not None:
            signals.stop(record, grace_s=grace_s)
        self.program.pid_file.unlink(missing_ok=True)

    def release(self) -> None:
        """Let it outlive this process."""
        if self.process is not None:
            self.process.release()
            self.process = None

    def _signal(self, what: signal.Signals) -> None:
        if (record := self.record) is not None:
            signals.send(record, what)


def stop_all(nodes: Iterable[ProcessNode], *, grace_s: float = STOP_GRACE_S) -> bool:
    """End nodes, all at the same time, and tell whether any was running."""
    found = list(nodes)
    was_running = any(node.is_alive() for node in found)
    for node in found:
        node.terminate()
    for node in found:
        node.stop(grace_s=grace_s)
    return was_running


def stop_recorded(pid_files: Iterable[Path], *, grace_s: float = STOP_GRACE_S) -> bool:
    """End processes that anybody started, known by their pid files, and tell whether any was running.

    Raises
    ------
    TimedOutError
        If one cannot be ended.
    """
    files = list(pid_files)
    found = [record for file in files if (record := ProcessRecord.load(file)) is not None]
    was_running = any(record.is_alive() for record in found)
    for record in found:
        signals.send(record, signal.SIGTERM)
    for record in found:
        signals.stop(record, grace_s=grace_s)
    for file in files:
        file.unlink(missing_ok=True)
    return was_running
