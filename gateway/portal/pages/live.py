"""Server-sent events: what comes after a place, as rows of the timeline; a broken stream goes on where it ended."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import aclosing, nullcontext
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from gateway.audit.trail import Cursor
from gateway.portal.asked import NAMES, filter_of, number
from gateway.portal.render import fragment
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from contextlib import AbstractContextManager

    from starlette.responses import Response

    from gateway.audit.trail import EventPage
    from gateway.portal.visit import Visit

_log = logging.getLogger(__name__)

HEARTBEAT: Final = 15.0
"""Seconds between signs of life: a proxy that waits for less would break the stream."""

LONGEST: Final = 600.0
"""Seconds that a stream lasts at most: then the browser asks again, and whether it still may is asked anew."""

_SETTLE: Final = 0.3
"""Seconds in which a refusal comes, if one does."""


async def stream(visit: Visit) -> Response:
    """Stream the events that an address asks for."""
    given = visit.query(*NAMES, "after")
    after = given.pop("after", "0")
    # A browser that reconnects says itself what came last; it is newer than the address.
    last = visit.request.headers.get("last-event-id", "") or after
    place = Cursor(sequence=number("after", last), newer=True)
    wanted = filter_of(given)
    with _slot(visit):  # whether there is one left; the stream itself takes it when it begins
        pass
    changes = visit.desk.changes(visit.reader, wanted, via="portal", after=place)
    first = asyncio.ensure_future(anext(changes, None))
    await asyncio.wait({first}, timeout=_SETTLE)
    if first.done():
        first.result()  # a refusal is an answer of its own, not a stream
    return StreamingResponse(
        _messages(visit, changes, first), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


def _slot(visit: Visit) -> AbstractContextManager[None]:
    doors = visit.portal.doors
    return nullcontext() if doors is None else doors.streams.take(visit.officer.certificate)


async def _messages(
    visit: Visit, changes: AsyncGenerator[EventPage, None], coming: asyncio.Future[EventPage | None]
) -> AsyncGenerator[str, None]:
    try:
        async with aclosing(changes):
            with _slot(visit):
                async with aclosing(_parts(visit, changes, coming)) as parts:
                    async for part in parts:
                        yield part
    except QuorateError as error:
        _log.warning("a live page ended: %s", error)


async def _parts(
    visit: Visit, changes: AsyncGenerator[EventPage, None], coming: asyncio.Future[EventPage | None]
) -> AsyncGenerator[str, None]:
    ends = asyncio.get_running_loop().time() + LONGEST
    try:
        yield "retry: 1000\n\n"
        while asyncio.get_running_loop().time() < ends:
            await asyncio.wait({coming}, timeout=HEARTBEAT)
            if not visit.may_stay():
                return
            if not coming.done():
                yield ": still here\n\n"
                continue
            found = coming.result()
            if found is None:
                yield "event: end\ndata: {}\n\n"
                return
            yield await asyncio.to_thread(_message, found)
            coming = asyncio.ensure_future(anext(changes, None))
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)


def _message(found: EventPage) -> str:
    data = json.dumps({"height": found.height, "rows": fragment("rows.html", events=found.events)})
    return f"id: {found.events[0].sequence}\nevent: rows\ndata: {data}\n\n"
