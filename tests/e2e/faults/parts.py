"""What fails, how it returns, and what must hold of a round in which it did."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from tests.e2e.faults.stand import STRUCK, everybody_is_in

if TYPE_CHECKING:
    from tests.e2e.faults.stand import Stand


async def survives_kill(stand: Stand, step: str, what: str, *names: str, away: float = 0.0) -> None:
    """kill -9 nodes at a step of a round, and start them again: everybody is in that round all the same."""
    hit, mend = partial(kill, stand, *names), partial(start, stand, *names)
    everybody_is_in(await stand.strike(f"kill -9 of {what}", step, hit, mend, away=away))


async def survives_cut(stand: Stand, step: str, what: str, name: str, *, away: float = 6.0) -> None:
    """Cut a node off at a step of a round, and let it return: everybody is in that round all the same."""
    hit, mend = partial(cut_off, stand, name), partial(return_, stand, name)
    everybody_is_in(await stand.strike(f"{what} cut off", step, hit, mend, away=away))


async def survives_killed_gateway(stand: Stand, step: str, what: str = "a gateway") -> None:
    hit, mend = partial(kill_gateway, stand), partial(start_gateway, stand)
    everybody_is_in(await stand.strike(f"kill -9 of {what}", step, hit, mend))


async def kill(stand: Stand, *names: str) -> None:
    """kill -9."""
    await asyncio.gather(*(asyncio.to_thread(stand.node(name).kill) for name in names))


async def start(stand: Stand, *names: str) -> None:
    """Start nodes again as whatever supervises them does: the same command, and nothing else."""
    nodes = [stand.node(name) for name in names]
    for node in nodes:
        node.launch()  # in this thread: what dies with its parent ends with the thread that launched it
    await asyncio.gather(*(asyncio.to_thread(node.wait_ready) for node in nodes))


async def kill_gateway(stand: Stand) -> None:
    await stand.play.kill_gateway(STRUCK)


async def start_gateway(stand: Stand) -> None:
    await stand.play.consortium.start_gateway(STRUCK)


async def cut_off(stand: Stand, *names: str) -> None:
    """Freeze: connections stay open, whoever connects anew is taken in by the kernel, and nothing is ever answered."""
    for name in names:
        stand.node(name).pause()


async def return_(stand: Stand, *names: str) -> None:
    for name in names:
        stand.node(name).resume()


async def cut_off_gateway(stand: Stand) -> None:
    stand.play.stop_gateway(STRUCK)


async def return_gateway(stand: Stand) -> None:
    stand.play.go_on_gateway(STRUCK)
