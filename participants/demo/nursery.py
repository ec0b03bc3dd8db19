"""A process that only imports the training stack and forks: agents, and the demo's own computations on public data.

Importing torch, Lightning and Opacus costs seconds of CPU. This process pays once, before it holds a key, a channel or
a tensor; what it forks trains without importing anything again. Where CUDA is used agents are spawned instead.

It reads one JSON request a line from standard input and writes one JSON answer a line to standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from participants.preload import import_training_stack
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Callable

_NICE: Final = 5
_GRACE_S: Final = 8.0
_SHARED: Final = ("participants.agent.run", "participants.demo.jobs")
"""What every fork needs beside the training stack; imported once."""


def main() -> None:
    """Import, say so, and serve until standard input closes or SIGTERM comes; then end what was forked."""
    import_training_stack()
    for name in _SHARED:
        importlib.import_module(name)
    _Nursery().serve()


class _Nursery:
    """Reads requests, forks, and tells of ends; one thread, nothing blocks but the wait for the next event."""

    def __init__(self) -> None:
        self._children: dict[int, str] = {}
        self._stays = False
        self._told_to_end = False
        self._wake = self._watch_signals()
        self._poller = select.poll()
        self._poller.register(sys.stdin.fileno(), select.POLLIN | select.POLLHUP)
        self._poller.register(self._wake, select.POLLIN)
        self._buffer = b""

    def serve(self) -> None:
        """Serve until the end, then end what was forked, however the end came."""
        try:
            # Whoever asked may be gone without a word; an answer to it then fails before its hang-up is read.
            with suppress(BrokenPipeError):
                self._serve()
        finally:
            _redirect(Path(os.devnull), keep_errors=True)
            self._end()

    def _serve(self) -> None:
        _say({"ready": True})
        while not self._told_to_end:
            for descriptor, _ in self._poller.poll():
                if descriptor == self._wake:
                    os.read(self._wake, 4096)
                else:
                    self._read()
            self._reap()

    def _watch_signals(self) -> int:
        read, write = os.pipe()
        for end in (read, write):
            os.set_blocking(end, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._on_term)
        signal.set_wakeup_fd(write)
        return read

    def _on_term(self, *_: object) -> None:
        self._told_to_end = True

    def _read(self) -> None:
        chunk = os.read(sys.stdin.fileno(), 65536)
        if not chunk:
            self._poller.unregister(sys.stdin.fileno())
            self._told_to_end = self._told_to_end or not self._stays
            return
        *lines, self._buffer = (self._buffer + chunk).split(b"\n")
        for line in lines:
            self._answer(json.loads(line))

    def _answer(self, request: dict[str, Any]) -> None:
        match request:
            case {"do": "stay"}:
                self._stays = True
                _redirect(Path(os.devnull), keep_errors=True)
            case {"do": "agent", "id": number, "log": log, "config": config}:
                self._fork(number, Path(log), partial(_agent, Path(config)))
            case {"do": "job", "id": number, "log": log, "name": name, "arguments": arguments, "out": out}:
                self._fork(number, Path(log), partial(_job, name, arguments, Path(out)))

    def _fork(self, number: int, log: Path, work: Callable[[], None]) -> None:
        pid = _fork(log, work)
        self._children[pid] = log.name
        _say({"id": number, "pid": pid})

    def _reap(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            self._children.pop(pid, None)
            if not self._stays:
                _say({"ended": pid, "status": os.waitstatus_to_exitcode(status)})

    def _end(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._children:
                os.kill(pid, number)
            deadline = time.monotonic() + _GRACE_S
            while self._children and time.monotonic() < deadline:
                self._wait_for_one(deadline - time.monotonic())

    def _wait_for_one(self, seconds: float) -> None:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid:
            self._children.pop(pid, None)
        else:
            select.select([self._wake], [], [], seconds)
            with suppress(BlockingIOError):
                os.read(self._wake, 4096)


def _fork(log: Path, work: Callable[[], None]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.setsid()
        _redirect(log)
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 70
    except QuorateError as error:
        sys.stderr.write(f"{error.diagnostics()}\n")
        status = error.exit_code
    except BaseException:  # noqa: BLE001 - a child's last words go to its log, and never into the parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _redirect(log: Path, *, keep_errors: bool = False) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    if not keep_errors:
        os.dup2(descriptor, 2)
    os.close(descriptor)
    os.close(nothing)


def _agent(config: Path) -> None:
    from participants.agent.commands import serve  # noqa: PLC0415 - in the child only

    raise SystemExit(serve(config, start="auto"))


def _job(name: str, arguments: dict[str, Any], out: Path) -> None:
    from participants.demo.jobs import JOBS  # noqa: PLC0415 - in the child only

    os.nice(_NICE)
    result = JOBS[name](**arguments)
    part = out.with_name(f"{out.name}.part")
    part.write_text(json.dumps(result))
    part.replace(out)


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
