"""Control mapping: which articles of which framework are served by what, and what remains."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Show the frameworks."""
    visit.query()
    await visit.admit("controls")
    return await visit.page("controls.html", frameworks=visit.portal.frameworks or {})
