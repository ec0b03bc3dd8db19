"""Events as they come: each with its number, so that a broken stream goes on where it ended."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from starlette.requests import ClientDisconnect, Request

from gateway.portal.guard import guarded
from gateway.portal.routes import ROUTES
from tests.unit.gateway.portal.rooms import Witness, new_portal, new_trail

LIVE = next(route for route in ROUTES if route.name == "live")
FIRST = 30


@pytest.fixture
def young(blocks, officer_key, tmp_path):
    """A portal that has some of the blocks, and an officer's session."""
    trail = new_trail(blocks[:FIRST], tmp_path / "trail.db")
    room = new_portal(trail, observing=Witness())
    room.witness = room.desk.memory.observing
    room.token = room.doors.sessions.begin(room.doors.logins._officer("AlderMSP", officer_key.certificate))
    yield room
    trail.close()
    room.log.close()


def asking(room, query="", **headers):
    """Return a request as the framework makes it, of a browser that stays."""
    sent = {"host": "portal.test", "cookie": f"{room.portal.session_cookie}={room.token}", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()]
    scope = {"type": "http", "method": "GET", "path": "/live", "query_string": query.encode(), "headers": raw}
    return Request(scope)


class Browser:
    """Reads a response as the server sends it, part by part, until it leaves or the response ends."""

    def __init__(self, response, scope):
        self.sent = asyncio.Queue()
        self._gone = asyncio.Event()
        self._task = asyncio.ensure_future(self._run(response, scope))

    async def _run(self, response, scope):
        try:
            await response(scope, self._receive, self.sent.put)
        finally:
            await self.sent.put(None)

    async def _receive(self):
        await self._gone.wait()
        return {"type": "http.disconnect"}

    def __aiter__(self):
        return self

    async def __anext__(self):
        async with asyncio.timeout(60):
            while (found := await self.sent.get()) is not None:
                if found.get("body"):
                    return found["body"].decode()
        raise StopAsyncIteration

    async def leave(self):
        self._gone.set()
        async with asyncio.timeout(60):
            await self._task


async def answer(room, query="", **headers):
    return await guarded(room.portal, LIVE)(asking(room, query, **headers))


async def following(room, query="", **headers):
    request = asking(room, query, **headers)
    response = await guarded(room.portal, LIVE)(request)
    assert response.status_code == 200
    assert response.media_type == "text/event-stream"
    return Browser(response, request.scope)


async def message(parts):
    async with asyncio.timeout(60):
        async for part in parts:
            if part.startswith("id:"):
                number, kind, data = part.strip().split("\n")
                return SimpleNamespace(
                    id=int(number.removeprefix("id: ")),
                    kind=kind.removeprefix("event: "),
                    data=json.loads(data.removeprefix("data: ")),
                )
    raise AssertionError("the stream ended")


async def news(parts):
    """Return the next part that says something."""
    async for part in parts:
        if not part.startswith(":"):
            return part
    raise AssertionError("the stream ended")


def end_of(room):
    return room.desk._end().sequence


async def test_new_events_come_as_rows(young, blocks):
    known = end_of(young)
    parts = await following(young, f"after={known}")
    await young.feed.add(blocks[FIRST : FIRST + 1])
    got = await message(parts)
    assert (got.kind, got.id, got.data["height"]) == ("rows", end_of(young), FIRST + 1)
    assert f'data-sequence="{got.id}"' in got.data["rows"]
    await parts.leave()


async def test_a_browser_that_reconnects_misses_nothing(young, blocks):
    known = end_of(young)
    parts = await following(young, f"after={known}")
    await young.feed.add(blocks[FIRST : FIRST + 1])
    first = await message(parts)
    await parts.leave()
    await young.feed.add(blocks[FIRST + 1 : FIRST + 3])
    again = await following(young, f"after={known}", last_event_id=str(first.id))
    second = await message(again)
    assert second.data["rows"].count("data-sequence") == end_of(young) - first.id
    assert f'data-sequence="{first.id}"' not in second.data["rows"]
    await again.leave()


async def test_only_what_the_address_asks_for_comes(young, blocks):
    parts = await following(young, f"after={end_of(young)}&kind=round.disputed")
    await young.feed.add(blocks[FIRST:])
    got = await message(parts)
    assert got.data["rows"].count("round.disputed") == 1
    assert got.data["rows"].count("data-sequence") == 1
    await parts.leave()


async def test_what_a_witness_saw_comes_with_the_next_block_once(young, blocks):
    young.witness.saw("BirchMSP", 3, "known before", at=5)
    parts = await following(young, f"after={end_of(young)}&kind=witness")
    assert await anext(parts) == "retry: 1000\n\n"
    young.witness.saw("CedarMSP", 4, "another block 4: a fork", at=9)
    await young.feed.add(blocks[FIRST : FIRST + 1])
    first = await news(parts)
    await young.feed.add(blocks[FIRST + 1 : FIRST + 2])
    young.witness.saw("BirchMSP", 5, "another block 5: a fork", at=10)
    await young.feed.add(blocks[FIRST + 2 : FIRST + 3])
    second = await news(parts)
    for part, seen in ((first, "observed-CedarMSP-4"), (second, "observed-BirchMSP-5")):
        assert not part.startswith("id:")  # a browser that reconnects goes on after the event that it had
        assert (part.count("<tr"), seen in part, "not on the ledger" in part) == (1, True, True)
    await parts.leave()


async def test_a_stream_is_logged_once(young, blocks):
    parts = await following(young, f"after={end_of(young)}&study=one")
    await young.feed.add(blocks[FIRST:])
    await message(parts)
    await parts.leave()
    entry = next(iter(young.log.entries()))
    assert (entry.what, json.loads(entry.asked)["study"], young.log.count) == ("events/live", "one", 1)


async def test_who_may_not_read_gets_no_stream(young):
    young.desk._rules = SimpleNamespace(policy=None, members={})
    response = await answer(young, "after=0")
    assert response.status_code == 403


async def test_a_stream_ends_with_its_session(young, blocks):
    parts = await following(young, f"after={end_of(young)}")
    assert await anext(parts) == "retry: 1000\n\n"
    young.doors.sessions.end(young.token)
    await young.feed.add(blocks[FIRST:])
    assert [part async for part in parts] == []


async def test_streams_of_one_certificate_are_bounded(young):
    opened = [await following(young, f"after={end_of(young)}") for _ in range(8)]
    for parts in opened:
        await anext(parts)
    response = await answer(young, "after=0")
    assert response.status_code == 429
    for parts in opened:
        await parts.leave()
    again = await following(young, f"after={end_of(young)}")
    await again.leave()


def held(room):
    """Return how many streams the officer's certificate has, and the tasks that wait for pages."""
    own = asyncio.current_task()
    return sum(room.doors.streams._taken.values()), len([task for task in asyncio.all_tasks() if task is not own])


async def test_a_stream_that_is_never_read_gives_its_place_back(young):
    async def broken(_message):
        raise OSError("the connection is gone")

    async def never():
        await asyncio.Event().wait()

    for version in ("2.3", "2.4"):
        request = asking(young, "after=0")
        response = await guarded(young.portal, LIVE)(request)
        assert held(young)[0] == 1
        with pytest.raises((ClientDisconnect, OSError, ExceptionGroup)):
            await response(request.scope | {"asgi": {"spec_version": version}}, never, broken)
        assert held(young) == (0, 0)


async def test_a_request_that_is_cancelled_before_its_stream_gives_its_place_back(young):
    asked = asyncio.Event()
    admit = young.desk.admit

    async def slow(*arguments, **named):
        asked.set()
        await asyncio.Event().wait()
        return await admit(*arguments, **named)

    young.desk.admit = slow
    task = asyncio.ensure_future(answer(young, "after=0"))
    async with asyncio.timeout(60):
        await asked.wait()
    assert held(young)[0] == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert held(young) == (0, 0)


async def test_a_refused_stream_holds_no_place(young):
    young.desk._rules = SimpleNamespace(policy=None, members={})
    for _ in range(9):
        assert (await answer(young, "after=0")).status_code == 403
    assert held(young) == (0, 0)


async def test_nothing_comes_beside_a_bundle(trail):
    from gateway.portal.alone import portal_alone  # noqa: PLC0415

    portal = portal_alone(trail, origin="http://127.0.0.1:1", source="showing")
    room = SimpleNamespace(portal=portal, token="")
    assert [part async for part in await following(room, "after=0")] == ["retry: 1000\n\n", "event: end\ndata: {}\n\n"]
