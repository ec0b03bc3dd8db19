"""Programs that run beside us: started with a deadline, watched, and ended in order.

A program that announces itself writes one line to standard output when it is ready and nothing more; everything else it
says goes to standard error, which is its log. Of others, such as Fabric's, both are the log. Each runs in a session of
its own, so Ctrl-C in a terminal reaches only the one who started it, and that one decides what ends when.
"""

import asyncio
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from network import signals
from network.pidfile import ProcessRecord
from quorate.errors import DefectError, TimedOutError, UnreachableError, UsageError

_READY_LIMIT = 64 * 1024
_TAIL_BYTES = 8 * 1024
_TAIL_LINES = 12


@dataclass(frozen=True, kw_only=True)
class Program:
    """What to run, and where it leaves its traces.

    Attributes
    ----------
    name : str
        What people call it, in errors.
    command : tuple of str
        Program and arguments.
    log : Path
        File that its standard error is appended to.
    pid_file : Path
        Where its `ProcessRecord` is kept while it runs.
    environment : mapping of str to str, optional
        Added to this process's environment.
    without : tuple of str
        Prefixes of variables of this process's environment that it must not see.
    announces : bool
        Whether it writes a ready line.
    dies_with_parent : bool
        Have the kernel kill it when the *thread* that launched it ends, however it ends. Linux only; elsewhere a parent
        that is killed leaves the program running.
    """

    name: str
    command: tuple[str, ...]
    log: Path
    pid_file: Path
    environment: Mapping[str, str] | None = None
    without: tuple[str, ...] = ()
    announces: bool = True
    dies_with_parent: bool = False


class Process:
    """A program that was launched by this process."""

    def __init__(self, program: Program, popen: "subprocess.Popen[bytes]", record: ProcessRecord) -> None:
        self.program = program
        self.record = record
        self._popen = popen

    @property
    def pid(self) -> int:
        """The process id."""
        return self._popen.pid

    def wait_ready(self, *, timeout_s: float) -> str:
        """Wait for the program's ready line, and return it without its line end.

        A program that does not become ready is ended.

        Raises
        ------
        UnreachableError
            If it ended first; the message quotes the end of its log.
        TimedOutError
            If the line did not come within `timeout_s` seconds.
        """
        deadline = time.monotonic() + timeout_s
        stream = self._popen.stdout
        if stream is None:
            raise DefectError(f"{self.program.name} was launched without a pipe for its ready line.")
        poller = select.poll()
        poller.register(stream, select.POLLIN)
        line = b""
        while b"\n" not in line:
            ready = poller.poll(max(0.0, deadline - time.monotonic()) * 1000)
            if not ready or len(line) > _READY_LIMIT:
                self.stop(grace_s=1.0)
                raise TimedOutError(f"{self.program.name} was not ready after {timeout_s:g} s.", hint=self._see_log())
            chunk = os.read(stream.fileno(), 4096)
            if not chunk:
                raise self.why_it_ended(self._reap(max(0.0, deadline - time.monotonic())))
            line += chunk
        return line.partition(b"\n")[0].decode("utf-8", "replace")

    def poll(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        return self._popen.poll()

    async def wait(self) -> int:
        """Wait until the program ends, and return its exit status."""
        if sys.platform != "linux":
            return await asyncio.to_thread(self._popen.wait)
        status = self._popen.poll()
        if status is not None:
            return status
        loop, ended = asyncio.get_running_loop(), asyncio.Event()
        handle = os.pidfd_open(self.pid)
        try:
            loop.add_reader(handle, ended.set)
            await ended.wait()
        finally:
            loop.remove_reader(handle)
            os.close(handle)
        return self._popen.wait()

    def stop(self, *, grace_s: float = 10.0) -> int:
        """End the program as `network.signals.stop` does, and return its exit status. Repeating it changes nothing."""
        if self._popen.poll() is None:
            signals.stop(self.record, grace_s=grace_s)
        status = self.reap()
        self.program.pid_file.unlink(missing_ok=True)
        return status

    def reap(self) -> int:
        """Wait until the program has ended, and return its exit status; its record stays, to show that it crashed."""
        status = self._popen.wait()
        if self._popen.stdout:
            self._popen.stdout.close()
        return status

    def release(self) -> None:
        """Let the program outlive this process: from now on it is known by its pid file only."""
        if self._popen.stdout:
            self._popen.stdout.close()
        self._popen.returncode = 0  # else Popen warns that nobody waits for it, which is the point

    def why_it_ended(self, status: int) -> UnreachableError:
        """Return the error that tells people of an end nobody asked for, with the last lines of the log."""
        how = f"exit status {status}" if status >= 0 else f"signal {-status}"
        said = tail(self.program.log, lines=_TAIL_LINES)
        return UnreachableError(
            f"{self.program.name} ended with {how}." + (f" Its last words:\n{said}" if said else ""),
            hint=self._see_log(),
        )

    def _reap(self, timeout_s: float) -> int:
        try:
            return self._popen.wait(timeout=max(1.0, timeout_s))
        except subprocess.TimeoutExpired:  # it closed its standard output and lives on
            return self.stop(grace_s=1.0)

    def _see_log(self) -> str:
        return f"Read its log: {self.program.log}"


def launch(program: Program) -> Process:
    """Start a program without waiting for it.

    Raises
    ------
    UsageError
        If the program cannot be run at all.
    """
    command = list(program.command)
    if program.dies_with_parent and sys.platform == "linux":
        wrapper = Path(__file__).with_name("die_with_parent.py")
        command = [sys.executable, "-I", "-S", str(wrapper), str(os.getpid()), *command]
    with open(program.log, "ab", opener=_private) as log:
        try:
            popen = subprocess.Popen(  # noqa: S603 - our own programs
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE if program.announces else log,
                stderr=log,
                env=_environment(program),
                start_new_session=True,
            )
        except OSError as error:
            raise UsageError(f"Cannot run {program.command[0]}: {error.strerror}.", cause=error) from error
    record = ProcessRecord.of(popen.pid)
    process = Process(program, popen, record or ProcessRecord(pid=popen.pid, started="ended"))
    process.record.save(program.pid_file)
    return process


def tail(path: Path, *, lines: int) -> str:
    """Return the last lines of a log; empty if there is none."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            return "\n".join(file.read().decode("utf-8", "replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _environment(program: Program) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(program.without)}
    return kept | dict(program.environment or {})


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
