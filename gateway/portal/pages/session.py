"""Logging out, and dark or light."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse

from gateway.portal.inside import inside
from gateway.portal.render import THEMES

if TYPE_CHECKING:
    from starlette.responses import Response

    from gateway.portal.visit import Visit

_YEAR = 365 * 86_400


async def logout(visit: Visit) -> Response:
    """End the session."""
    portal = visit.portal
    if portal.doors is not None:
        portal.doors.sessions.end(visit.token)
    response = RedirectResponse("/login", status_code=303)
    response.delete_cookie(portal.session_cookie, path="/", secure=portal.secure, httponly=True, samesite="strict")
    return response


async def theme(visit: Visit) -> Response:
    """Keep dark or light, or what the system says, and return to the page."""
    portal = visit.portal
    response = RedirectResponse(inside(visit.form.get("to", "/")), status_code=303)
    chosen = visit.form.get("theme", "")
    response.set_cookie(
        portal.theme_cookie,
        chosen if chosen in THEMES else "system",
        max_age=_YEAR,
        path="/",
        secure=portal.secure,
        httponly=True,
        samesite="strict",
    )
    return response
