"""The service `quorate.v1.Audit`: queries that their readers signed, answered by the desk."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

import grpc

from gateway.audit.access.desk import ACCESS_LOG, CHECKED, EVENTS, EXPORT, LIVE, TRANSACTION
from gateway.audit.access.query import Gatekeeper, signed_bytes
from gateway.audit.access.reader import identify
from gateway.audit.trail.filter import Cursor, event_filter
from gateway.service.methods import Audience, Call, Door, serialize
from gateway.service.protos.quorate.v1 import audit_pb2 as pb
from quorate import canonical
from quorate.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from gateway.audit.access.desk import Desk
    from gateway.audit.access.query import Own, Query
    from gateway.audit.access.reader import Reader
    from gateway.audit.trail.pages import EventPage
    from gateway.service.drain import Drain
    from gateway.service.limiter import Slots

SERVICE: Final = "quorate.v1.Audit"
_QUESTION: Final = "question/"


class AuditService:
    """Greet, Query.

    Parameters
    ----------
    desk
        Decides, logs and answers.
    own
        Which gateway this is, and whose readers are answered.
    slots
        How many queries one caller may have at once.
    drain
        Ends live ones when the gateway stops.
    """

    def __init__(self, desk: Desk, own: Own, *, slots: Slots, drain: Drain) -> None:
        self._desk = desk
        self._own = own
        self._slots = slots
        self._drain = drain
        self._gate = Gatekeeper(own)

    def handlers(self, door: Door) -> grpc.GenericRpcHandler:
        """Return the service for a server."""
        return grpc.method_handlers_generic_handler(
            SERVICE,
            {
                "Greet": door.unary(self.greet, pb.GreetRequest, Audience.OWN),
                "Query": door.answers(self.query, pb.QueryRequest, Audience.OWN, write=serialize),
            },
        )

    async def greet(self, _request: pb.GreetRequest, _call: Call) -> pb.GreetResponse:
        """Tell which start of this gateway queries must be for."""
        return pb.GreetResponse(process=self._own.process)

    async def query(self, request: pb.QueryRequest, call: Call) -> AsyncIterator[pb.QueryResponse]:
        """Answer one query."""
        with self._slots.take(call.caller.certificate), self._drain.stream():
            reader = identify(
                await self._desk.configuration(),
                request.identity,
                own=self._own.msp,
                message=signed_bytes(request.document),
                signature=request.signature,
            )
            query = self._gate.take(request.document, now=time.time_ns() // 1_000_000)
            async with aclosing(self._answer(reader, query)) as parts:
                async for part in parts:
                    yield part

    async def _answer(self, reader: Reader, query: Query) -> AsyncGenerator[pb.QueryResponse, None]:
        if query.what == EVENTS:
            page = await self._desk.page(
                reader, event_filter(query.asked), via=query.via, at=_place(query.at), limit=query.limit
            )
            for part in _page(page):
                yield part
        elif query.what == LIVE:
            changes = await self._desk.changes(reader, event_filter(query.asked), via=query.via, after=_place(query.at))
            async with aclosing(changes) as pages:
                async for page in pages:
                    for part in _page(page, newest_first=False):
                        yield part
        else:
            for part in await self._once(reader, query):
                yield part

    async def _once(self, reader: Reader, query: Query) -> list[pb.QueryResponse]:
        if query.what == TRANSACTION:
            wanted = query.asked.get("transaction")
            if not isinstance(wanted, str) or query.asked.keys() != {"transaction"}:
                raise UsageError("a transaction is asked for by its id alone")
            found = await self._desk.transaction(reader, wanted, via=query.via)
            return [_head({"question": TRANSACTION}), _row(found.model_dump(mode="json"))]
        if query.what == EXPORT:
            decision = await self._desk.permit_export(reader, query.asked, via=query.via)
            return [
                _head({"question": EXPORT, "policies": list(decision.policies), "version": decision.policy_version})
            ]
        if query.what == ACCESS_LOG:
            return [_head({"question": ACCESS_LOG, **await self._desk.access_log(reader, via=query.via)})]
        if query.what == CHECKED:
            entry = await self._desk.checked(reader, query.asked)
            return [_head({"question": CHECKED, "entry": entry.number})]
        if not query.what.startswith(_QUESTION):
            raise NotFoundError(f"nobody can ask for {query.what!r}")
        answer = await self._desk.ask(reader, query.what.removeprefix(_QUESTION), query.asked, via=query.via)
        head = answer.as_json()
        rows = head.pop("rows")
        return [_head(head), *map(_row, rows)]


def _place(word: str | None) -> Cursor | None:
    try:
        return None if word is None else Cursor.decode(word)
    except ValueError as error:
        raise UsageError(str(error), cause=error) from error


def _page(page: EventPage, *, newest_first: bool = True) -> list[pb.QueryResponse]:
    head = {
        "question": EVENTS,
        "height": page.height,
        "older": page.older.encode() if page.older else None,
        "newer": page.newer.encode() if page.newer else None,
    }
    rows = page.as_rows()
    return [_head(head), *map(_row, rows if newest_first else reversed(rows))]


def _head(fields: Mapping[str, object]) -> pb.QueryResponse:
    return pb.QueryResponse(head=canonical.dumps({"schema": "quorate.answer/1", **fields}))


def _row(row: Mapping[str, object]) -> pb.QueryResponse:
    return pb.QueryResponse(row=canonical.dumps(dict(row)))
