"""Ending a process that need not be our child, and waiting until it is gone."""

import os
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from network.pidfile import ProcessRecord
from quorate.errors import TimedOutError

_AFTER_KILL_S = 10.0
_LOOK_AGAIN_S = 0.02


def stop(process: ProcessRecord, *, grace_s: float) -> bool:
    """End a process: SIGTERM, and SIGKILL if it still runs after `grace_s` seconds.

    Returns
    -------
    bool
        Whether it ended in time by itself (true also if it had ended before).

    Raises
    ------
    TimedOutError
        If not even SIGKILL ended it, as happens to a process stuck in the kernel.
    """
    send(process, signal.SIGTERM)
    send(process, signal.SIGCONT)  # a process that is frozen sees nothing else
    if wait_until_gone(process, timeout_s=grace_s):
        return True
    _kill_session(process)
    if not wait_until_gone(process, timeout_s=_AFTER_KILL_S):
        raise TimedOutError(f"Process {process.pid} did not end within {_AFTER_KILL_S:g} s of SIGKILL.")
    return False


def send(process: ProcessRecord, what: signal.Signals) -> None:
    """Send a signal to this very process, or to nobody if it has ended."""
    with _handle(process) as handle:
        if handle is None:
            return
        try:
            if handle >= 0:
                signal.pidfd_send_signal(handle, what)
            else:
                os.kill(process.pid, what)
        except ProcessLookupError:
            return


def _kill_session(process: ProcessRecord) -> None:
    # What would not end in time cannot be trusted to have ended its children either.
    with suppress(ProcessLookupError):
        if process.is_alive() and os.getpgid(process.pid) == process.pid:
            os.killpg(process.pid, signal.SIGKILL)
    send(process, signal.SIGKILL)


def wait_until_gone(process: ProcessRecord, *, timeout_s: float) -> bool:
    """Wait until a process has ended, at most `timeout_s` seconds, and tell whether it has."""
    deadline = time.monotonic() + timeout_s
    with _handle(process) as handle:
        if handle is None:
            return True
        if handle >= 0:
            poller = select.poll()
            poller.register(handle, select.POLLIN)
            return bool(poller.poll(timeout_s * 1000))
        while process.is_alive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK_AGAIN_S)  # this system cannot be waited for a process that is not a child
        return True


@contextmanager
def _handle(process: ProcessRecord) -> Iterator[int | None]:
    # Yields a pidfd, -1 where the system has none, and None if the process is gone. A pidfd opened before the check
    # cannot come to mean another process after it.
    if sys.platform != "linux":
        yield -1 if process.is_alive() else None
        return
    try:
        handle = os.pidfd_open(process.pid)
    except ProcessLookupError:
        yield None
        return
    try:
        yield handle if process.is_alive() else None
    finally:
        os.close(handle)
