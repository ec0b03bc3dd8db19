"""Control mapping: which articles of which framework are served by what, from the pages that come with Quorate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.errors import NotFoundError

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.portal.visit import Visit


async def show(visit: Visit) -> Response:
    """Show the frameworks."""
    visit.query()
    await visit.admit("controls")
    return visit.page("controls.html", frameworks=visit.portal.frameworks or {})


async def show_one(visit: Visit) -> Response:
    """Show one framework."""
    visit.query()
    name = visit.part("name")
    if name not in (visit.portal.frameworks or {}):
        raise NotFoundError(f"there is no framework {name[:64]!r}")
    await visit.admit("controls", framework=name)
    return visit.page("controls.html", frameworks=visit.portal.frameworks or {})
