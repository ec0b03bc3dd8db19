"""The login page: shows a challenge, takes its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response

from gateway.portal.challenge import answer_of, to_text
from gateway.portal.errors import error_page
from gateway.portal.guard import read_form
from gateway.portal.inside import inside
from gateway.portal.login import LASTS_MS
from gateway.portal.render import plain_page
from quorate.errors import LimitError, QuorateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from gateway.portal.portal import Doors, Portal

    Handler = Callable[[Request], Awaitable[Response]]


def entrance(portal: Portal, doors: Doors) -> tuple[Handler, Handler]:
    """Return what shows the login page, and what takes its form."""

    async def show(request: Request) -> Response:
        return _page(portal, doors, request, to=request.query_params.get("to", "/"))

    async def answer(request: Request) -> Response:
        try:
            _spend(doors, request)
            form = await read_form(request)
            ticket = request.cookies.get(portal.ticket_cookie, "")
            officer = doors.logins.admit(ticket, answer_of(form.get("answer", "")))
            token = doors.sessions.begin(officer)
        except LimitError as error:
            return error_page(portal, request, error)
        except QuorateError as error:
            to = form.get("to", "/") if "form" in locals() else "/"
            return _page(portal, doors, request, to=to, error=error)
        response = RedirectResponse(inside(form.get("to", "/")), status_code=303)
        _set(response, portal, portal.session_cookie, token, seconds=round(doors.minutes * 60))
        response.delete_cookie(portal.ticket_cookie, path="/", secure=portal.secure, httponly=True, samesite="strict")
        return response

    return show, answer


def _page(portal: Portal, doors: Doors, request: Request, *, to: str, error: QuorateError | None = None) -> Response:
    ticket = doors.logins.begin()
    page = plain_page(
        "login.html",
        portal,
        request,
        status=200 if error is None else 403,
        challenge=to_text(doors.logins.challenge(ticket)),
        minutes=LASTS_MS // 60_000,
        to=inside(to),
        error=error,
    )
    _set(page, portal, portal.ticket_cookie, ticket, seconds=LASTS_MS // 1000)
    return page


def _spend(doors: Doors, request: Request) -> None:
    address = request.client.host if request.client else "nobody"
    try:
        doors.attempts.spend(address)
    except LimitError as error:
        raise LimitError("too many attempts to log in from here", hint="Wait a minute.", cause=error) from error


def _set(response: Response, portal: Portal, name: str, value: str, *, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=portal.secure, httponly=True, samesite="strict")
