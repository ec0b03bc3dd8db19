"""Server-sent events: what comes after a place, as rows of the timeline; a broken stream goes on where it ended."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from starlette.responses import StreamingResponse

from gateway.audit.trail import Cursor
from gateway.portal.asked import NAMES, filter_of, number
from gateway.portal.render import fragment

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from starlette.responses import Response

    from gateway.audit.trail import EventPage
    from gateway.portal.visit import Visit

HEARTBEAT: Final = 15.0
"""Seconds between signs of life: a proxy that waits for less would break the stream."""

_SETTLE: Final = 0.3
"""Seconds in which a refusal comes, if one does."""

LONGEST: Final = 600.0
"""Seconds that a stream lasts at most: then the browser asks again, and whether it still may is asked anew."""


async def stream(visit: Visit) -> Response:
    """Stream the events that an address asks for."""
    given = visit.query(*NAMES, "after")
    after = given.pop("after", "0")
    # A browser that reconnects says itself what came last; it is newer than the address.
    last = visit.request.headers.get("last-event-id", "") or after
    place = Cursor(sequence=number("after", last), newer=True)
    changes = visit.desk.changes(visit.reader, filter_of(given), via="portal", after=place)
    first = asyncio.ensure_future(anext(changes, None))
    await asyncio.wait({first}, timeout=_SETTLE)
    if first.done():
        first.result()  # a refusal is an answer of its own, not a stream
    return StreamingResponse(
        _messages(visit, changes, first), media_type="text/event-stream", headers={"x-accel-buffering": "no"}
    )


async def _messages(
    visit: Visit, changes: AsyncGenerator[EventPage, None], coming: asyncio.Future[EventPage | None]
) -> AsyncGenerator[str, None]:
    ends = asyncio.get_running_loop().time() + LONGEST
    async with aclosing(changes):
        yield "retry: 1000\n\n"
        try:
            while asyncio.get_running_loop().time() < ends and visit.may_stay():
                await asyncio.wait({coming}, timeout=HEARTBEAT)
                if not coming.done():
                    yield ": still here\n\n"
                    continue
                found = coming.result()
                if found is None:
                    yield "event: end\ndata: {}\n\n"
                    return
                yield _message(found)
                coming = asyncio.ensure_future(anext(changes, None))
        finally:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)


def _message(found: EventPage) -> str:
    data = json.dumps({"height": found.height, "rows": fragment("rows.html", events=found.events)})
    return f"id: {found.events[0].sequence}\nevent: rows\ndata: {data}\n\n"
