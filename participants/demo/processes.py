"""The processes of a demo: the nursery with its agents, and one gateway for each member."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from network.pidfile import ProcessRecord
from network.process import Process, Program, launch, tail
from network.signals import stop
from participants.preload import SINGLE_THREAD
from quorate.errors import TimedOutError, UnreachableError

if TYPE_CHECKING:
    from pathlib import Path

    from participants.demo.workspace import MemberPlace

_GATEWAY_SECONDS: Final = 120.0
_IMPORT_SECONDS: Final = 600.0
_FORK_SECONDS: Final = 60.0
_JOB_SECONDS: Final = 600.0
_GRACE_S: Final = 10.0
_NURSERY_GRACE_S: Final = 30.0  # in which it ends its children, and may have to kill them first


def start_gateway(place: MemberPlace, name: str, *, dies_with_parent: bool) -> Process:
    """Start a member's gateway; it is not ready yet."""
    return launch(
        Program(
            name=f"the gateway of {name}",
            command=(sys.executable, "-m", "quorate", "gateway", "serve", "-v", "--config", str(place.gateway_config)),
            log=place.log("gateway"),
            pid_file=place.pid_file("gateway"),
            # A service's defect cannot be repeated at will: its log keeps the whole cause.
            environment={"QUORATE_DEBUG": "1", "GRPC_VERBOSITY": "ERROR"},
            dies_with_parent=dies_with_parent,
        )
    )


async def gateway_address(process: Process) -> str:
    """Return where a started gateway listens, once it answers."""
    line = await asyncio.to_thread(process.wait_ready, timeout_s=_GATEWAY_SECONDS)
    return str(json.loads(line)["address"])


@dataclass(slots=True)
class Nursery:
    """The process that imports the training stack and forks agents and jobs."""

    directory: Path
    process: asyncio.subprocess.Process
    log: Path
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    _answers: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    _ends: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    _numbers: Any = field(default_factory=lambda: count(1))
    _reader: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, directory: Path) -> Nursery:
        """Start importing; `wait_ready` says when forking may begin."""
        log = directory / "nursery.log"
        descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "participants.demo.nursery",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=descriptor,
                env=os.environ | dict(SINGLE_THREAD),
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        made = cls(directory=directory, process=process, log=log)
        made._reader = asyncio.create_task(made._read())
        return made

    async def wait_ready(self) -> None:
        """Return once the training stack is imported.

        Raises
        ------
        UnreachableError, TimedOutError
            When the process ended, or took longer than ten minutes.
        """
        try:
            async with asyncio.timeout(_IMPORT_SECONDS):
                await self.ready.wait()
        except TimeoutError as error:
            raise TimedOutError(f"importing the training stack took longer than {_IMPORT_SECONDS:g} s") from error
        self._require_alive()

    async def agent(self, config: Path, log: Path) -> int:
        """Fork an agent and return its process id."""
        return await self._ask({"do": "agent", "config": str(config)}, log)

    def end(self, pid: int, number: int = signal.SIGTERM) -> None:
        """Send a forked process a signal; one that has ended already gets none."""
        if not self._end_of(pid).done():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    async def ended(self, pid: int) -> int:
        """Return the exit status of a forked process once it has ended."""
        # Whoever stops waiting must not take the end from those who still wait for it.
        return await asyncio.shield(self._end_of(pid))

    async def job(self, name: str, **arguments: Any) -> Any:  # noqa: ANN401 - JSON in, JSON out
        """Run one of `participants.demo.jobs` in a fork and return its result.

        Raises
        ------
        UnreachableError
            When the job failed; the message quotes the end of its log.
        """
        number = next(self._numbers)
        out, log = self.directory / f"{name}-{number}.json", self.directory / f"{name}-{number}.log"
        pid = await self._ask({"do": "job", "name": name, "arguments": arguments, "out": str(out)}, log)
        try:
            async with asyncio.timeout(_JOB_SECONDS):
                status = await self._end_of(pid)
        except TimeoutError as error:
            raise TimedOutError(f"{name} took longer than {_JOB_SECONDS:g} s") from error
        if status != 0:
            raise UnreachableError(f"{name} failed with status {status}:\n{tail(log, lines=12)}", hint=f"See {log}")
        return json.loads(out.read_bytes())

    async def release(self) -> None:
        """Let the nursery and its agents outlive this process; `stop_recorded` ends them by their pid file."""
        record = ProcessRecord.of(self.process.pid)
        if record is not None:
            record.save(self.directory / "nursery.pid")
        if self.process.stdin is not None:
            self.process.stdin.write(json.dumps({"do": "stay"}).encode() + b"\n")
            await self.process.stdin.drain()
        if self._reader is not None:
            self._reader.cancel()

    async def close(self) -> None:
        """End every forked process, then the nursery."""
        if self.process.stdin is not None and not self.process.stdin.is_closing():
            self.process.stdin.close()
        if not self.ready.is_set():
            # It would read that only once everything is imported, and until then it has forked nothing.
            self._kill(signal.SIGTERM)
        try:
            async with asyncio.timeout(_NURSERY_GRACE_S):
                await self.process.wait()
        except TimeoutError:
            self._kill(signal.SIGKILL)
            await self.process.wait()
        if self._reader is not None:
            await self._reader

    def _kill(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    async def _ask(self, request: dict[str, Any], log: Path) -> int:
        self._require_alive()
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({**request, "id": number, "log": str(log)}) + "\n"
        if self.process.stdin is None:
            raise UnreachableError("the nursery has no standard input")
        self.process.stdin.write(line.encode())
        await self.process.stdin.drain()
        async with asyncio.timeout(_FORK_SECONDS):
            pid: int = await answer
        return pid

    def _end_of(self, pid: int) -> asyncio.Future[int]:
        return self._ends.setdefault(pid, asyncio.get_running_loop().create_future())

    async def _read(self) -> None:
        stream = self.process.stdout
        while stream is not None and (line := await stream.readline()):
            answer = json.loads(line)
            if "ready" in answer:
                self.ready.set()
            elif "ended" in answer:
                end = self._end_of(answer["ended"])
                if not end.done():
                    end.set_result(int(answer["status"]))
            else:
                self._answers.pop(answer["id"]).set_result(answer["pid"])
        self.ready.set()
        for waiting in (*self._answers.values(), *self._ends.values()):
            if not waiting.done():
                waiting.set_exception(UnreachableError(f"the nursery ended:\n{tail(self.log, lines=12)}"))
                waiting.exception()  # whoever waits raises it; nobody waiting is no defect

    def _require_alive(self) -> None:
        if self.process.returncode is not None:
            raise UnreachableError(f"the nursery ended:\n{tail(self.log, lines=12)}", hint=f"See {self.log}")


def stop_recorded(pid_file: Path) -> bool:
    """End the process that a pid file names, and tell whether it ran; it is never a stranger with the same number."""
    record = ProcessRecord.load(pid_file)
    alive = record is not None and record.is_alive()
    if record is not None and alive:
        stop(record, grace_s=_GRACE_S)
    pid_file.unlink(missing_ok=True)
    return alive
