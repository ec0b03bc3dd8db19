"""The portal as an ASGI application: the table of routes, the login, and files that never change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from gateway.portal.entrance import entrance
from gateway.portal.errors import not_found
from gateway.portal.guard import guarded
from gateway.portal.headers import StrictHeaders
from gateway.portal.routes import ROUTES

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    from gateway.portal.portal import Portal

STATIC: Final = Path(__file__).with_name("static")


def application(portal: Portal) -> ASGIApp:
    """Return the portal's application."""
    app = FastAPI(title="Quorate", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.router.routes.append(Mount("/static", StaticFiles(directory=STATIC)))
    for route in ROUTES:
        if portal.doors is not None or route.stays:
            app.router.add_route(route.path, guarded(portal, route), methods=[route.method], include_in_schema=False)
    if portal.doors is not None:
        show, answer = entrance(portal, portal.doors)
        app.router.add_route("/login", show, methods=["GET"], include_in_schema=False)
        app.router.add_route("/login", answer, methods=["POST"], include_in_schema=False)

    async def missing(request: Request, _error: Exception) -> Response:
        return not_found(portal, request)

    async def failed(_request: Request, _error: Exception) -> Response:
        return PlainTextResponse("The portal failed in a way it does not know; its log says more.\n", status_code=500)

    app.add_exception_handler(404, missing)
    app.add_exception_handler(405, missing)
    app.add_exception_handler(Exception, failed)
    return StrictHeaders(_OneHost(app, portal.host), secure=portal.secure)


class _OneHost:
    """Answers under one name only: a page of another site whose name leads here by DNS is no way in."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app = app
        self._host = host.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            given = next((value for name, value in scope["headers"] if name == b"host"), b"")
            if given.decode("latin-1").lower() != self._host:
                text = f"This portal answers as {self._host} only.\n"
                await PlainTextResponse(text, status_code=421)(scope, receive, send)
                return
        await self._app(scope, receive, send)
