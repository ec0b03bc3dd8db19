"""The way through: host, session, role, form. Whatever a step does not clearly allow is refused."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, quote

from starlette.responses import RedirectResponse, Response

from gateway.portal.errors import error_page
from gateway.portal.sessions import is_csrf_token
from gateway.portal.visit import Visit
from quorate.errors import DeniedError, QuorateError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from starlette.requests import Request

    from gateway.portal.portal import Portal
    from gateway.portal.routes import Route

MAX_FORM: Final = 32 * 1024
FORM_SECONDS: Final = 60.0
_FORM: Final = "application/x-www-form-urlencoded"
_MOST_FIELDS: Final = 32


def guarded(portal: Portal, route: Route) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers requests of a route: its page, or why not."""

    async def answer(request: Request) -> Response:
        try:
            visit = admitted(portal, route, request)
            if visit is None:
                return _to_login(request)
            if route.method == "POST":
                visit = replace(visit, form=await _form(visit))
            return await route.handler(visit)
        except QuorateError as error:
            return error_page(portal, request, error)

    return answer


def admitted(portal: Portal, route: Route, request: Request) -> Visit | None:
    """Return the visit of somebody who may take the route; None for nobody known.

    Raises
    ------
    DeniedError
        When their role may not, or the channel no longer knows their certificate.
    """
    if portal.doors is None:
        return Visit(request=request, portal=portal, route=route, officer=portal.viewer)
    token = request.cookies.get(portal.session_cookie, "")
    session = portal.doors.sessions.find(token)
    if session is None:
        return None
    officer = session.officer
    if not portal.doors.logins.knows(officer.msp, officer.pem):
        portal.doors.sessions.end(token)
        raise DeniedError("the channel no longer knows your certificate", hint="Log in with the one that you have now.")
    require_role(officer.role, route.roles)
    return Visit(request=request, portal=portal, route=route, officer=officer, token=token)


def require_role(role: str, roles: Collection[str]) -> None:
    """Return when a page is for this role; `DeniedError` when it is for others."""
    if role not in roles:
        raise DeniedError(
            f"the role {role} may not see this page", hint=f"It is for the role {' or '.join(sorted(roles))}."
        )


async def read_form(request: Request) -> dict[str, str]:
    """Return the fields of a form.

    Raises
    ------
    UsageError
        When it is too large, too slow, of another kind, not text, or names a field twice.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise UsageError("a form is expected")
    try:
        async with asyncio.timeout(FORM_SECONDS):
            data = await _body(request)
    except TimeoutError as error:
        raise UsageError(f"the form did not come within {FORM_SECONDS:g} s", cause=error) from error
    try:
        pairs = parse_qsl(data.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise UsageError("the form cannot be read", cause=error) from error
    found = dict(pairs)
    if len(found) != len(pairs):
        raise UsageError("the form names a field twice")
    return found


async def _body(request: Request) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_FORM:
            raise UsageError(f"a form has more than {MAX_FORM} bytes")
    return bytes(data)


async def _form(visit: Visit) -> dict[str, str]:
    fields = await read_form(visit.request)
    if not is_csrf_token(visit.token, fields.pop("csrf", "")):
        raise DeniedError("the form does not come from a page of this session", hint="Open the page again.")
    return fields


def _to_login(request: Request) -> Response:
    if request.method != "GET" or "text/html" not in request.headers.get("accept", "text/html"):
        return Response("log in first\n", status_code=401, media_type="text/plain")
    there = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?to={quote(there, safe='')}", status_code=303)
