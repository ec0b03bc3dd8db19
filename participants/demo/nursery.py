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
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

from participants.preload import import_training_stack

if TYPE_CHECKING:
    from collections.abc import Callable

_NICE: Final = 5
_SHARED: Final = ("participants.agent.run", "participants.demo.jobs")
"""What every fork needs beside the training stack; imported once."""


def main() -> None:
    """Import, say so, and serve until standard input closes; then end what was forked and is not kept."""
    import_training_stack()
    for name in _SHARED:
        importlib.import_module(name)

    _say({"ready": True, "pid": os.getpid()})
    children: dict[int, str] = {}
    wake = _wake_on_child()
    poller = select.poll()
    poller.register(sys.stdin.fileno(), select.POLLIN | select.POLLHUP)
    poller.register(wake, select.POLLIN)
    buffer = b""
    while True:
        for descriptor, _ in poller.poll():
            if descriptor == wake:
                os.read(wake, 4096)
                continue
            chunk = os.read(sys.stdin.fileno(), 65536)
            if not chunk:
                _end(children)
            *lines, buffer = (buffer + chunk).split(b"\n")
            for line in lines:
                _serve(json.loads(line), children)
        _reap(children)


def _serve(request: dict[str, Any], children: dict[int, str]) -> None:
    work: Callable[[], None]
    if request["do"] == "agent":
        work = lambda: _agent(Path(request["config"]))  # noqa: E731 - a closure over this request
    elif request["do"] == "job":
        work = lambda: _job(request["name"], request["arguments"], Path(request["out"]))  # noqa: E731
    else:
        _say({"id": request.get("id"), "error": f"there is no {request['do']!r} here"})
        return
    pid = _fork(Path(request["log"]), work)
    children[pid] = request["do"]
    _say({"id": request["id"], "pid": pid})


def _fork(log: Path, work: Callable[[], None]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    status = 70
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        _redirect(log)
        work()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 70
    except BaseException:  # noqa: BLE001 - a child's last words go to its log, and never into the parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


def _redirect(log: Path) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    os.close(nothing)


def _agent(config: Path) -> None:
    from participants.agent.commands import serve  # noqa: PLC0415 - in the child only

    raise SystemExit(serve(config, start="fork"))


def _job(name: str, arguments: dict[str, Any], out: Path) -> None:
    from participants.demo.jobs import JOBS  # noqa: PLC0415 - in the child only

    os.nice(_NICE)
    result = JOBS[name](**arguments)
    part = out.with_name(f"{out.name}.part")
    part.write_text(json.dumps(result))
    part.replace(out)


def _reap(children: dict[int, str]) -> None:
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        what = children.pop(pid, "")
        _say({"ended": pid, "what": what, "status": os.waitstatus_to_exitcode(status)})


def _end(children: dict[int, str]) -> NoReturn:
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    for pid in children:
        os.waitpid(pid, 0)
    raise SystemExit(0)


def _wake_on_child() -> int:
    read, write = os.pipe()
    os.set_blocking(write, False)
    os.set_blocking(read, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(write)
    return read


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
