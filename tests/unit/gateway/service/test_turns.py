from __future__ import annotations

import asyncio

import pytest

from gateway.service.relay.turns import Turns
from quorate.errors import LimitError


class Crowd:
    """Callers that hold a place until they are told to go, and the order in which they came in."""

    def __init__(self, turns: Turns) -> None:
        self._turns = turns
        self.inside: list[str] = []
        self._go: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def come(self, identity: str) -> asyncio.Task[None]:
        go = asyncio.Event()
        self._go.append(go)

        async def visit() -> None:
            async with self._turns.take(identity.rstrip("0123456789")):
                self.inside.append(identity)
                await go.wait()

        self.tasks.append(asyncio.create_task(visit()))
        await asyncio.sleep(0)
        return self.tasks[-1]

    async def leave(self, number: int) -> None:
        self._go[number].set()
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(Turns(1, seconds=60, limit="limits.peer_calls_at_once"))


async def test_those_who_wait_are_served_in_turn_by_identity(crowd: Crowd) -> None:
    for name in ("a0", "a1", "a2", "a3", "b0", "b1", "c0"):
        await crowd.come(name)
    assert crowd.inside == ["a0"]
    for number in (0, 1, 4, 6, 2, 5):
        await crowd.leave(number)
    assert crowd.inside == ["a0", "a1", "b0", "c0", "a2", "b1", "a3"]
    await crowd.leave(3)
    await asyncio.gather(*crowd.tasks)


async def test_who_gives_up_is_passed_over(crowd: Crowd) -> None:
    await crowd.come("a0")
    gone = await crowd.come("b0")
    await crowd.come("c0")
    gone.cancel()
    await crowd.leave(0)
    assert crowd.inside == ["a0", "c0"]


async def test_a_place_that_comes_as_its_receiver_gives_up_goes_to_the_next(crowd: Crowd) -> None:
    await crowd.come("a0")
    gone = await crowd.come("b0")
    await crowd.come("c0")
    crowd._go[0].set()
    await asyncio.sleep(0)  # the place is b's now, and b has not run yet
    gone.cancel()
    await asyncio.wait({gone})
    await crowd.leave(2)
    assert crowd.inside == ["a0", "c0"]
    async with asyncio.timeout(60), crowd._turns.take("d"):
        pass


async def test_waiting_ends_and_the_limit_is_named() -> None:
    turns = Turns(1, seconds=0.05, limit="limits.peer_calls_at_once")
    async with turns.take("a"):
        with pytest.raises(LimitError, match=r"limits\.peer_calls_at_once"):
            async with turns.take("a"):
                pytest.fail("there is one place")
    async with turns.take("b"):
        pass
