"""The access log: who read or exported the trail, with which filter, at which height, and the anchors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.portal.asked import address, number

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.portal.visit import Visit

_ROWS: Final = 100


async def show(visit: Visit) -> Response:
    """Show the newest entries, and the anchors of every organisation."""
    given = visit.query("organisation", "before")
    asked = {key: value for key, value in given.items() if key == "organisation"}
    answer = await visit.ask("reads", **asked)
    entries = [row for row in answer.rows if row.number is not None]
    before = number("before", given["before"]) if "before" in given else None
    shown = [row for row in entries if before is None or row.number < before][-_ROWS:][::-1]
    more = bool(shown) and shown[-1].number > 1
    return await visit.page(
        "access.html",
        answer=answer,
        entries=shown,
        total=len(entries),
        unanchored=sum(row.anchored is None for row in entries),
        anchors=[row for row in answer.rows if row.number is None],
        older=address("/access", asked, before=str(shown[-1].number)) if more else "",
    )
