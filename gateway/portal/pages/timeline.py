"""The timeline: every event, filtered, page by page; the address says all of it."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from gateway.audit.trail.kinds import KINDS
from gateway.portal.asked import NAMES, address, cursor_of, filter_of

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.portal.visit import Visit

_ROWS: Final = 50
_GROUPS: Final = [
    (group, list(names)) for group, names in groupby(sorted(KINDS), key=lambda name: name.partition(".")[0])
]


async def show(visit: Visit) -> Response:
    """Show a page of events."""
    given = visit.query(*NAMES, "at")
    at = given.pop("at", "")
    found = await visit.desk.page(visit.reader, filter_of(given), via="portal", at=cursor_of(at), limit=_ROWS)
    newest = found.events[0].sequence if found.events else 0
    return await visit.page(
        "timeline.html",
        lines=found.lines,
        given={name: given.get(name, "") for name in NAMES},
        **await visit.offered(given.get("study")),
        kinds=_GROUPS,
        older=found.older and address("/timeline", given, at=found.older.encode()),
        newer=found.newer and address("/timeline", given, at=found.newer.encode()),
        live="" if found.newer else address("/live", given),
        newest=newest,
        may_export=visit.officer.role == "officer",
        as_csv=address("/exports/events.csv", given),
        as_jsonl=address("/exports/events.jsonl", given),
    )
