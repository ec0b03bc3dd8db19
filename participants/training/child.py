"""`TrainerChild`: the agent's handle on the process that trains. Importing it imports no torch."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Self

from participants.preload import SINGLE_THREAD
from participants.training import messages, serve
from participants.training.errors import TrainerDiedError, TrainerTimedOutError
from participants.training.isolation import KEPT_VARIABLES, NVIDIA, Isolation, Network
from participants.training.request import Description, Evaluation, TrainingResult
from participants.training.wire import Deadline, Message, receive, send
from quorate.errors import IntegrityError, StateError, TimedOutError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    import numpy as np
    from numpy.typing import NDArray

    from participants.training.hardware import Hardware
    from participants.training.request import TrainingRequest

Start = Literal["auto", "fork", "spawn"]

START_SECONDS: Final = 120.0
"""How long a trainer may take to import what it needs, on a slow machine without compiled bytecode."""

_END_SECONDS: Final = 5.0


class TrainerChild:
    """A process that trains, one request at a time, for as long as its parent lives.

    It is killed when it does not answer in time, and by the kernel when its parent dies. After that, `start` another.
    Calls block; from an event loop, use a thread. One call at a time is let through.

    Attributes
    ----------
    pid
        The process.
    isolation
        What the process gave up, as far as the kernel let it.
    """

    def __init__(self, *, pid: int, channel: socket.socket, isolation: Isolation) -> None:
        self.pid = pid
        self.isolation = isolation
        self._channel = channel
        self._pidfd = os.pidfd_open(pid)
        self._lock = threading.Lock()
        self._ended = False

    @classmethod
    def start(cls, *, plans: Path, method: Start = "auto", timeout: float = START_SECONDS) -> TrainerChild:
        """Start a trainer and return when it is ready.

        Parameters
        ----------
        plans
            The directory of the operator's approved plans (`participants.plans.approved.ApprovedPlans`).
        method
            ``"fork"`` only from a single-threaded process that imported the training stack and holds no keys, channels
            or tensors, and never where CUDA is used. ``"spawn"`` anywhere. ``"auto"`` forks where the process has
            imported torch, has one thread, and the machine has no NVIDIA device; it cannot see keys or channels.
        timeout
            Seconds until the trainer must be ready.

        Raises
        ------
        TrainerTimedOutError, TrainerDiedError
        StateError
            When asked to fork a process with several threads, of which only one would live on.
        """
        forks = _may_fork() if method == "auto" else method == "fork"
        if forks and not _has_one_thread():
            raise StateError("a process with several threads cannot fork a trainer", hint="Start it before them.")
        ours, theirs = socket.socketpair()
        with theirs:
            pid = _forked(ours, theirs, plans) if forks else _spawned(theirs, plans)
        try:
            hello: Any = receive(ours, Deadline.after(timeout)).header["isolation"]
        except (TimedOutError, UnreachableError) as error:
            ours.close()
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            kind = TrainerTimedOutError if isinstance(error, TimedOutError) else TrainerDiedError
            raise kind("the training process did not start", cause=error) from error
        isolation = Isolation(
            network=Network(hello["network"]), dies_with_parent=hello["dies_with_parent"], start=hello["start"]
        )
        return cls(pid=pid, channel=ours, isolation=isolation)

    def train(self, request: TrainingRequest, *, timeout: float) -> TrainingResult:
        """Train one round; see `participants.training.round.train_round`.

        Raises
        ------
        TrainerTimedOutError
            When the round is not done within `timeout` seconds; the process is killed.
        TrainerDiedError
            When the process ends, or has ended before.
        QuorateError
            Whatever the trainer raised, with its code.
        """
        answer = self._ask(messages.train_message(request), timeout)
        return TrainingResult(weights=messages.decode_weights(_blob(answer)))

    def require(self, hardware: Hardware, *, timeout: float) -> None:
        """Return when the trainer can use `hardware`. Raises `AcceleratorMissingError`, or as `train` does."""
        self._ask(Message(header={"do": "require", "hardware": asdict(hardware)}), timeout)

    def describe(self, plan: bytes, *, timeout: float) -> Description:
        """Return an approved plan's tensors and initial weights. Raises as `train` does."""
        answer = self._ask(Message(header={"do": "describe"}, blobs=(plan,)), timeout)
        entries: Any = answer.header["tensors"]
        weights = messages.decode_weights(_blob(answer))
        return Description(
            tensors=tuple((entry["name"], tuple(entry["shape"])) for entry in entries),
            weights={entry["name"]: weights[entry["name"]] for entry in entries},
        )

    def evaluate(
        self, plan: bytes, weights: Mapping[str, NDArray[np.float32]], evaluation: bytes, *, timeout: float
    ) -> Evaluation:
        """Return a model's counts on an encoded public evaluation set. Raises as `train` does."""
        blobs = (plan, messages.encode_weights(weights), evaluation)
        header: Any = self._ask(Message(header={"do": "evaluate"}, blobs=blobs), timeout).header
        return Evaluation(correct=header["correct"], records=header["records"])

    def alive(self) -> bool:
        """Tell whether the process still runs."""
        return not self._ended and not self._exited(0)

    def close(self) -> None:
        """End the process: by hanging up, and by force when that takes too long. May be repeated."""
        if self._ended:
            return
        self._ended = True
        self._channel.close()
        if not self._exited(_END_SECONDS):
            self._kill()
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        os.close(self._pidfd)

    def kill(self) -> None:
        """End the process at once, also from another thread while a call waits; the call then fails."""
        if not self._ended:
            self._kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _ask(self, request: Message, timeout: float) -> Message:
        deadline = Deadline.after(timeout)
        with self._lock:
            if self._ended:
                raise TrainerDiedError("the training process has ended")
            try:
                send(self._channel, request, deadline)
                answer = receive(self._channel, deadline)
            except TimedOutError as error:
                self._kill()
                self.close()
                raise TrainerTimedOutError(
                    f"no answer within {timeout:g} s; the training process was killed"
                ) from error
            except (UnreachableError, IntegrityError) as error:
                self._kill()
                self.close()
                raise TrainerDiedError("the training process ended without an answer") from error
        error_raised = messages.raised(answer)
        if error_raised is not None:
            raise error_raised
        return answer

    def _exited(self, seconds: float) -> bool:
        watch = select.poll()
        watch.register(self._pidfd, select.POLLIN)
        return bool(watch.poll(seconds * 1000))

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)


def _may_fork() -> bool:
    return "torch" in sys.modules and _has_one_thread() and not NVIDIA.exists()


def _has_one_thread() -> bool:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) == 1 if tasks.exists() else threading.active_count() == 1


def _blob(answer: Message) -> bytes:
    if len(answer.blobs) != 1:
        raise IntegrityError("the trainer's answer does not have its one part")
    return answer.blobs[0]


def _forked(ours: socket.socket, theirs: socket.socket, plans: Path) -> int:
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    try:
        ours.close()
        serve.run(theirs, plans=plans, parent=parent, start="fork")
    finally:
        os._exit(0)  # whatever happened: never into the parent's code


def _spawned(theirs: socket.socket, plans: Path) -> int:
    environment = {name: value for name, value in os.environ.items() if name in KEPT_VARIABLES}
    environment |= dict(SINGLE_THREAD) | {"PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    arguments = [str(theirs.fileno()), str(plans), str(os.getpid())]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-P", "-m", "participants.training.serve", *arguments],
        env=environment,
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    process.returncode = 0  # we wait for the process ourselves, by its descriptor
    return process.pid
