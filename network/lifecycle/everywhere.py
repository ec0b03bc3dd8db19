"""Doing one step at several places at once, and saying exactly where it failed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, TypeVar

from network.lifecycle.errors import DeploymentError
from quorate.errors import QuorateError, TimedOutError

Place = TypeVar("Place")
Result = TypeVar("Result")

_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 1.0


async def everywhere(
    step: str, places: Mapping[str, Place], work: Callable[[Place], Awaitable[Result]]
) -> dict[str, Result]:
    """Return what the work gave at each place; it is tried at all of them before any failure is raised.

    Raises
    ------
    DeploymentError
        It failed somewhere.
    """
    failures: dict[str, QuorateError] = {}

    async def attempt(name: str, place: Place) -> list[Result]:
        try:
            return [await work(place)]
        except QuorateError as error:
            failures[name] = error
            return []

    async with asyncio.TaskGroup() as group:
        tasks = {name: group.create_task(attempt(name, place)) for name, place in places.items()}
    if failures:
        raise DeploymentError(step, {name: failures[name] for name in places if name in failures}, of=len(places))
    return {name: result for name, task in tasks.items() for result in task.result()}


async def until(
    holds: Callable[[], Awaitable[str]], *, deadline: float, retry: Callable[[QuorateError], bool] = lambda _: False
) -> None:
    """Ask again and again, with growing pauses, until `holds` returns an empty string.

    Parameters
    ----------
    holds
        Returns what is still missing.
    deadline
        The event loop's time by which it must hold.
    retry
        Which failures of `holds` count as "not yet".

    Raises
    ------
    TimedOutError
        It did not hold in time; the message says what was missing.
    """
    now = asyncio.get_running_loop().time
    pause, missing = _FIRST_PAUSE_S, ""
    while True:
        try:
            async with asyncio.timeout_at(deadline):
                missing = await holds()
        except TimeoutError as error:
            raise TimedOutError(missing or "no answer came in time", cause=error) from error
        except QuorateError as error:
            if not retry(error):
                raise
            missing = str(error)
        if not missing:
            return
        if now() + pause >= deadline:
            raise TimedOutError(missing)
        await asyncio.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE_S)


def deadline_in(seconds: float) -> float:
    """Return the event loop's time in this many seconds."""
    return asyncio.get_running_loop().time() + seconds
