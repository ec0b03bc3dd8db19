"""Events as they come: each with its number, so that a broken stream goes on where it ended."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from gateway.portal.guard import guarded
from gateway.portal.routes import ROUTES
from tests.unit.gateway.portal.rooms import new_portal, new_trail

LIVE = next(route for route in ROUTES if route.name == "live")
FIRST = 30


@pytest.fixture
def young(blocks, officer_key):
    """A portal that has some of the blocks, and an officer's session."""
    trail = new_trail(blocks[:FIRST])
    room = new_portal(trail)
    room.token = room.doors.sessions.begin(room.doors.logins._officer("AlderMSP", officer_key.certificate))
    yield room
    trail.close()
    room.log.close()


def asking(room, query="", **headers):
    """Return a request as the framework makes it, of a browser that stays."""
    from starlette.requests import Request  # noqa: PLC0415

    sent = {"host": "portal.test", "cookie": f"{room.portal.session_cookie}={room.token}", **headers}
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()]
    scope = {"type": "http", "method": "GET", "path": "/live", "query_string": query.encode(), "headers": raw}
    return Request(scope)


async def following(room, query="", **headers):
    response = await guarded(room.portal, LIVE)(asking(room, query, **headers))
    assert response.status_code == 200
    assert response.media_type == "text/event-stream"
    return response.body_iterator


async def message(parts):
    async with asyncio.timeout(20):
        async for part in parts:
            if part.startswith("id:"):
                number, kind, data = part.strip().split("\n")
                return SimpleNamespace(
                    id=int(number.removeprefix("id: ")),
                    kind=kind.removeprefix("event: "),
                    data=json.loads(data.removeprefix("data: ")),
                )
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
    await parts.aclose()


async def test_a_browser_that_reconnects_misses_nothing(young, blocks):
    known = end_of(young)
    parts = await following(young, f"after={known}")
    await young.feed.add(blocks[FIRST : FIRST + 1])
    first = await message(parts)
    await parts.aclose()
    await young.feed.add(blocks[FIRST + 1 : FIRST + 3])
    again = await following(young, f"after={known}", last_event_id=str(first.id))
    second = await message(again)
    assert second.data["rows"].count("data-sequence") == end_of(young) - first.id
    assert f'data-sequence="{first.id}"' not in second.data["rows"]
    await again.aclose()


async def test_only_what_the_address_asks_for_comes(young, blocks):
    parts = await following(young, f"after={end_of(young)}&kind=round.disputed")
    await young.feed.add(blocks[FIRST:])
    got = await message(parts)
    assert got.data["rows"].count("round.disputed") == 1
    assert got.data["rows"].count("data-sequence") == 1
    await parts.aclose()


async def test_a_stream_is_logged_once(young, blocks):
    parts = await following(young, f"after={end_of(young)}&study=one")
    await young.feed.add(blocks[FIRST:])
    await message(parts)
    await parts.aclose()
    entry = next(iter(young.log.entries()))
    assert (entry.what, json.loads(entry.asked)["study"], young.log.count) == ("events/live", "one", 1)


async def test_who_may_not_read_gets_no_stream(young):
    young.desk._rules = SimpleNamespace(policy=None, members={})
    response = await guarded(young.portal, LIVE)(asking(young, "after=0"))
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
    response = await guarded(young.portal, LIVE)(asking(young, "after=0"))
    assert response.status_code == 429
    for parts in opened:
        await parts.aclose()
    again = await following(young, f"after={end_of(young)}")
    await again.aclose()


async def test_nothing_comes_beside_a_bundle(trail):
    from gateway.portal.alone import portal_alone  # noqa: PLC0415

    portal = portal_alone(trail, origin="http://127.0.0.1:1", source="showing")
    room = SimpleNamespace(portal=portal, token="")
    response = await guarded(portal, LIVE)(asking(room, "after=0"))
    assert [part async for part in response.body_iterator] == ["retry: 1000\n\n", "event: end\ndata: {}\n\n"]
