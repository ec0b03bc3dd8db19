"""An agent of the demo that ends by itself is noticed at once, with the end of its log."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from participants.demo.local import LocalConsortium
from participants.demo.processes import Nursery
from quorate.errors import UnreachableError

ALDER, BIRCH = 7001, 7002


@pytest.fixture
async def nursery(tmp_path):
    """A nursery whose process is only what it says."""
    says = asyncio.StreamReader()
    made = Nursery(tmp_path, SimpleNamespace(stdout=says), tmp_path / "nursery.log")
    reading = asyncio.create_task(made._read())
    yield made, lambda **answer: says.feed_data(json.dumps(answer).encode() + b"\n")
    says.feed_eof()
    await reading


@pytest.fixture
def consortium(nursery, tmp_path):
    """Two members with an agent each."""
    logs = {name: tmp_path / f"{name}.log" for name in ("Alder", "Birch")}
    logs["Alder"].write_text("".join(f"line {number}\n" for number in range(40)) + "ImportError: no torch\n")
    places = {name: SimpleNamespace(log=lambda _what, log=log: log) for name, log in logs.items()}
    return SimpleNamespace(nursery=nursery[0], places=places, agents={"Alder": ALDER, "Birch": BIRCH})


async def test_an_agent_that_died_is_told_with_the_end_of_its_log(nursery, consortium):
    _, say = nursery
    say(ended=ALDER, status=1)
    async with asyncio.timeout(60):
        with pytest.raises(UnreachableError, match="the agent of Alder ended with status 1:\nline 29\n") as caught:
            await LocalConsortium.agent_ended(consortium, "Alder")
    assert caught.value.message.endswith("\nImportError: no torch")
    assert str(consortium.places["Alder"].log("agent")) in caught.value.hint


async def test_an_agent_without_budget_has_ended_as_it_should(nursery, consortium):
    _, say = nursery
    say(ended=BIRCH, status=6)
    async with asyncio.timeout(60):
        await LocalConsortium.agent_ended(consortium, "Birch")


async def test_who_stops_waiting_takes_the_end_from_nobody(nursery, consortium):
    made, say = nursery
    waits = asyncio.create_task(made.ended(ALDER))
    guard = asyncio.create_task(LocalConsortium.agent_ended(consortium, "Alder"))
    await asyncio.sleep(0)
    guard.cancel()
    await asyncio.wait([guard])
    say(ended=ALDER, status=0)
    async with asyncio.timeout(60):
        assert await waits == 0
