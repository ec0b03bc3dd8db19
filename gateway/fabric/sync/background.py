"""The thread in which the event loop of all blocking calls runs."""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gateway.fabric.call import closed
from quorate.errors import DefectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

T = TypeVar("T")

_GRACE_S: Final = 5.0
_LOOK_UP_S: Final = 0.5


class Background:
    """An event loop in a thread of its own; ended by `stop`."""

    def __init__(self) -> None:
        self._process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._loop.set_exception_handler(_ignore_other_loops)
        self._tasks: dict[Future[Any], asyncio.Task[Any]] = {}
        self._thread = threading.Thread(target=self._loop.run_forever, name="gateway.fabric.sync", daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Return what the coroutine returns, or raise what it raises.

        When the waiting itself is interrupted (Ctrl-C), the coroutine is cancelled and given a moment to end.

        Raises
        ------
        UsageError
            This is called from the loop's own thread, which would wait for itself, or from a process that was forked
            off and has no such thread.
        """
        if os.getpid() != self._process:
            coroutine.close()
            raise UsageError("this gateway belongs to the parent process", hint="Connect after the fork, in the child.")
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise UsageError("a blocking call was made from a signer or callback of the client itself")
        outcome: Future[T] = Future()
        # An interruption may come as early as while the coroutine is handed over.
        try:
            self._hand_over(coroutine, outcome)
            return _result(outcome)
        finally:
            if not outcome.done():
                self._cancel(outcome, coroutine.close)

    def stop(self) -> None:
        """Cancel what still runs and end the thread."""
        for outcome, task in list(self._tasks.items()):
            self._cancel(outcome, task.get_coro().close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_GRACE_S)
        if self._thread.is_alive():
            raise DefectError(f"the client's event loop did not end within {_GRACE_S:g} s")
        self._loop.close()

    def _hand_over(self, coroutine: Coroutine[Any, Any, T], outcome: Future[T]) -> None:
        try:
            self._loop.call_soon_threadsafe(self._begin, coroutine, outcome)
        except RuntimeError:
            # The loop was closed meanwhile.
            coroutine.close()
            outcome.set_exception(closed("the gateway"))

    def _begin(self, coroutine: Coroutine[Any, Any, T], outcome: Future[T]) -> None:
        task = self._loop.create_task(coroutine)
        self._tasks[outcome] = task
        task.add_done_callback(lambda done: self._settle(done, outcome))

    def _settle(self, task: asyncio.Task[T], outcome: Future[T]) -> None:
        del self._tasks[outcome]
        if task.cancelled():
            outcome.set_exception(closed("the call"))
            return
        error = task.exception()
        if error is None:
            outcome.set_result(task.result())
        else:
            outcome.set_exception(error)

    def _cancel(self, outcome: Future[Any], close: Callable[[], None]) -> None:
        def cancel() -> None:
            task = self._tasks.get(outcome)
            if task is not None:
                task.cancel()
            elif not outcome.done():  # it was never handed over
                close()
                outcome.set_exception(closed("the call"))

        self._loop.call_soon_threadsafe(cancel)
        wait([outcome], timeout=_GRACE_S)


def _result(outcome: Future[T]) -> T:
    # A signal that comes just before a thread begins to wait, or to another thread, does not end the wait; so each is
    # short, and Ctrl-C is seen at the end of it.
    while not wait([outcome], timeout=_LOOK_UP_S).done:
        pass
    return outcome.result()


class _Shared:
    """One background for everybody, from the first who needs it to the end of the process.

    It is not ended with its last gateway: gRPC may still have something to tell a loop whose channels are closed, and
    complains in every other loop of the process when that one is gone.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._background: Background | None = None

    def get(self) -> Background:
        """Return the background, started if need be."""
        with self._lock:
            self._background = self._background or Background()
            return self._background

    def forget(self) -> None:
        """Begin anew in a process that was forked off: the thread and whoever held the lock have stayed behind."""
        self._lock = threading.Lock()
        self._background = None

    def end(self) -> None:
        """End the background, at the end of the process."""
        with self._lock:
            background, self._background = self._background, None
        if background is not None:
            background.stop()


def _ignore_other_loops(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Pass over what gRPC finds when several loops of one process share its queue; nothing is lost by it.

    A loop is woken for what another has taken already (`BlockingIOError`), or is to hand something on to one that is
    closed (`RuntimeError`).
    """
    error, handle = context.get("exception"), repr(context.get("handle"))
    if isinstance(error, BlockingIOError | RuntimeError) and "PollerCompletionQueue._handle_events" in handle:
        return
    loop.default_exception_handler(context)


SHARED: Final = _Shared()
os.register_at_fork(after_in_child=SHARED.forget)
atexit.register(SHARED.end)
