"""Server-sent events: what comes after a place, as rows of the timeline; a broken stream goes on where it ended."""

from __future__ import annotations

import asyncio
import json
import logging
from contextlib import AsyncExitStack, aclosing, nullcontext
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
    from starlette.types import Receive, Scope, Send

    from gateway.audit.trail import EventPage
    from gateway.portal.visit import Visit

_log = logging.getLogger(__name__)

HEARTBEAT: Final = 15.0
"""Seconds between signs of life: a proxy that waits for less would break the stream."""

LONGEST: Final = 600.0
"""Seconds that a stream lasts at most: then the browser asks again, and whether it still may is asked anew."""


async def stream(visit: Visit) -> Response:
    """Stream the events that an address asks for."""
    given = visit.query(*NAMES, "after")
    after = given.pop("after", "0")
    # A browser that reconnects says itself what came last; it is newer than the address.
    last = visit.request.headers.get("last-event-id", "") or after
    place = Cursor(sequence=number("after", last), newer=True)
    wanted = filter_of(given)
    async with AsyncExitStack() as held:
        held.enter_context(_slot(visit))
        changes = await visit.desk.changes(visit.reader, wanted, via="portal", after=place)
        coming = Coming(await held.enter_async_context(aclosing(changes)))
        held.push_async_callback(coming.end)
        return LiveResponse(_messages(visit, coming), held.pop_all())


def _slot(visit: Visit) -> AbstractContextManager[None]:
    doors = visit.portal.doors
    return nullcontext() if doors is None else doors.streams.take(visit.officer.certificate)


class Coming:
    """The page that is waited for.

    Parameters
    ----------
    changes
        Pages, one after the other.
    """

    def __init__(self, changes: AsyncGenerator[EventPage, None]) -> None:
        self._changes = changes
        self.page = self._next()

    def go_on(self) -> None:
        """Wait for the page after the one that has come."""
        self.page = self._next()

    async def end(self) -> None:
        """Wait for nothing any more."""
        self.page.cancel()
        await asyncio.gather(self.page, return_exceptions=True)

    def _next(self) -> asyncio.Future[EventPage | None]:
        return asyncio.ensure_future(anext(self._changes, None))


class LiveResponse(StreamingResponse):
    """A stream with what it holds, which is given back however the stream ends, also when nobody ever reads of it.

    Parameters
    ----------
    parts
        What is sent.
    held
        Its place among the streams, and what it waits for.
    """

    def __init__(self, parts: AsyncGenerator[str, None], held: AsyncExitStack) -> None:
        super().__init__(parts, media_type="text/event-stream", headers={"x-accel-buffering": "no"})
        self._parts = parts
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        async with self._held, aclosing(self._parts):
            await super().__call__(scope, receive, send)


async def _messages(visit: Visit, coming: Coming) -> AsyncGenerator[str, None]:
    try:
        async with aclosing(_parts(visit, coming)) as parts:
            async for part in parts:
                yield part
    except QuorateError as error:
        _log.warning("a live page ended: %s", error)


async def _parts(visit: Visit, coming: Coming) -> AsyncGenerator[str, None]:
    ends = asyncio.get_running_loop().time() + LONGEST
    yield "retry: 1000\n\n"
    while asyncio.get_running_loop().time() < ends:
        await asyncio.wait({coming.page}, timeout=HEARTBEAT)
        if not visit.may_stay():
            return
        if not coming.page.done():
            yield ": still here\n\n"
            continue
        found = coming.page.result()
        if found is None:
            yield "event: end\ndata: {}\n\n"
            return
        yield await asyncio.to_thread(_message, found)
        coming.go_on()


def _message(found: EventPage) -> str:
    data = json.dumps({"height": found.height, "rows": fragment("rows.html", lines=found.lines)})
    number = f"id: {found.events[0].sequence}\n" if found.events else ""
    return f"{number}event: rows\ndata: {data}\n\n"
