"""The access log: who read or exported the trail, with which filter, at which height, and the anchors."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gateway.portal.asked import address

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.audit.trail.questions.supervision import ReadsAnswer
    from gateway.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Show a page of entries, newest first, and the newest anchor of every organisation."""
    given = visit.query("organisation", "at")
    answer = cast("ReadsAnswer", await visit.ask("reads", **given))
    asked = {key: value for key, value in given.items() if key == "organisation"}
    return await visit.page(
        "access.html",
        answer=answer,
        entries=[row for row in answer.rows if row.number is not None],
        anchors=[row for row in answer.rows if row.number is None],
        older=answer.older and address("/access", asked, at=answer.older),
        newer=answer.newer and address("/access", asked, at=answer.newer),
    )
