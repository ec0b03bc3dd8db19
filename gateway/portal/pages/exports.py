"""Exports: events and answers as files, bundles by the officer's own command, pages by printing them."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from starlette.concurrency import iterate_in_threadpool
from starlette.responses import StreamingResponse

from gateway.audit.trail import EventFilter, page
from gateway.audit.trail.pages import MOST_ROWS, EventRow
from gateway.audit.trail.questions import QUESTIONS, ask, question_named
from gateway.portal.asked import NAMES, filter_of
from gateway.portal.facts import studies
from gateway.portal.files import csv_parts, json_lines
from gateway.portal.pages.questions import asked_of
from gateway.portal.verifying import commands
from quorate.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

    from gateway.audit.access import Desk
    from gateway.audit.trail import EventPage
    from gateway.audit.trail.questions import Answer
    from gateway.portal.visit import Visit

_EVENTS: Final = "events"
_TYPES: Final = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
_COLUMNS: Final = (*EventRow.model_fields, "words")


async def show(visit: Visit) -> Response:
    """Show what can be exported, and how."""
    study = visit.query("study").get("study")
    await visit.admit("exports")
    known = await visit.read(studies)
    return await visit.page(
        "exports.html",
        studies=known,
        study=study if study in known else "",
        questions=[question for question in QUESTIONS.values() if not question.needs],
        commands=await visit.read(commands, study if study in known else None, None),
    )


async def download(visit: Visit) -> Response:
    """Return events or an answer as a file; allowed by the policies for exports, and logged as one."""
    name, _, form = visit.part("name").rpartition(".")
    if form not in _TYPES or (name != _EVENTS and name not in QUESTIONS):
        raise NotFoundError(f"there is no export {visit.part('name')[:64]!r}")
    rows, columns = await (_events(visit) if name == _EVENTS else _answer(visit, name))
    lines = csv_parts(rows, columns) if form == "csv" else json_lines(rows)
    return StreamingResponse(
        iterate_in_threadpool(map(str.encode, lines)),
        media_type=_TYPES[form],
        headers={"content-disposition": f'attachment; filename="{name}.{form}"'},
    )


async def _events(visit: Visit) -> tuple[Iterator[dict[str, Any]], list[str]]:
    given = visit.query(*NAMES)
    wanted = filter_of(given)
    await visit.desk.permit_export(visit.reader, {"file": _EVENTS, **given}, via="portal")
    return _all_events(visit.desk, wanted), list(_COLUMNS)


async def _answer(visit: Visit, name: str) -> tuple[Iterator[dict[str, Any]], list[str]]:
    given = visit.query(*question_named(name).takes)
    await visit.desk.permit_export(visit.reader, {"file": name, **given}, via="portal")
    asked = asked_of(given)
    first = await visit.ask(name, **asked)
    rows = first.as_rows()
    return _all_pages(visit.desk, name, asked, first), list(rows[0]) if rows else []


def _all_pages(desk: Desk, name: str, asked: dict[str, object], answer: Answer[Any]) -> Iterator[dict[str, Any]]:
    """Yield an answer's rows; of one that comes by page, every older page too unless one page was asked for."""
    yield from answer.as_rows()
    while not asked.keys() & {"at", "limit"} and (at := getattr(answer, "older", None)):
        answer = ask(desk.trail, name, {**asked, "limit": MOST_ROWS, "at": at}, desk.memory)
        yield from (row for row in answer.as_rows() if row["number"] is not None)


def _all_events(desk: Desk, wanted: EventFilter) -> Iterator[dict[str, Any]]:
    return chain.from_iterable(found.as_rows() for found in _pages(desk, wanted))


def _pages(desk: Desk, wanted: EventFilter) -> Iterator[EventPage]:
    turn = partial(page, desk.trail, wanted, limit=MOST_ROWS, observing=desk.memory.observing)
    found = turn()
    yield found
    while found.older is not None:
        found = turn(at=found.older)
        yield found
