"""Every question that an officer must be able to answer, each with its page, filter and files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.audit.trail.questions import QUESTIONS, question_named
from gateway.audit.trail.questions.answer import DatedRow
from gateway.portal.asked import address, milliseconds, number
from gateway.portal.excerpt import excerpt
from gateway.portal.guard import require_role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from gateway.portal.visit import Visit

PAGES: Final = {
    "members": "/members",
    "policies": "/policies",
    "lineage": "/models",
    "descendants": "/models",
    "spending": "/privacy",
    "spending-curve": "/privacy",
    "recount": "/privacy?recount=yes",
    "protection": "/privacy",
    "refusals": "/refusals",
    "agreement": "/agreement",
    "reads": "/access",
    "reviews": "/reviews",
}
"""Those that have a richer page."""

_LAST: Final = frozenset(DatedRow.model_fields) - {"block"}
"""What is the same for every question stands behind what was asked for."""
OFFICERS_ONLY: Final = frozenset({"reads"})
"""Those whose richer page is for officers only."""

_EMPTY: Final[tuple[object, ...]] = (None, "", [], {})


async def show_all(visit: Visit) -> Response:
    """Show the list."""
    visit.query()
    await visit.admit("questions")
    return await visit.page("questions.html", questions=QUESTIONS.values(), pages=PAGES)


async def show(visit: Visit) -> Response:
    """Show one answer as a table; what it needs and lacks is asked for."""
    name = visit.part("name")
    question = question_named(name)
    if name in OFFICERS_ONLY:
        require_role(visit.officer.role, {"officer"})
    given = visit.query(*question.takes)
    complete = all(part in given for part in question.needs)
    answer, left = excerpt(await visit.ask(name, **asked_of(given))) if complete else (None, 0)
    rows = answer.as_rows() if answer else []
    return await visit.page(
        "question.html",
        question=question,
        answer=answer,
        left=left,
        rows=rows,
        columns=_columns(rows),
        empty=sorted(name for name in rows[0] if all(row[name] in _EMPTY for row in rows)) if rows else [],
        given={part: given.get(part, "") for part in question.takes},
        rich=PAGES.get(name),
        may_export=visit.officer.role == "officer",
        as_csv=address(f"/exports/{name}.csv", given),
        as_jsonl=address(f"/exports/{name}.jsonl", given),
        older=_elsewhere(name, given, getattr(answer, "older", None)),
        newer=_elsewhere(name, given, getattr(answer, "newer", None)),
    )


def _columns(rows: Sequence[Mapping[str, object]]) -> list[str]:
    told = [name for name in rows[0] if any(row[name] not in _EMPTY for row in rows)] if rows else []
    return sorted(told, key=lambda name: name in _LAST)


def _elsewhere(name: str, given: Mapping[str, str], at: str | None) -> str:
    return address(f"/questions/{name}", given, at=at) if at else ""


def asked_of(given: Mapping[str, str]) -> dict[str, object]:
    """Return what narrows a question, as its types; `UsageError` when a number or a time is none."""
    found: dict[str, object] = dict(given)
    for name in ("round", "limit"):
        if name in given:
            found[name] = number(name, given[name])
    for name in ("since", "until"):
        if name in given:
            found[name] = milliseconds(given[name])
    return found
