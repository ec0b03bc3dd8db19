"""One request of somebody who was let through: what was asked, who asks, and the desk that answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.audit.access import Reader
from gateway.portal.facts import organisations, studies
from gateway.portal.render import render
from gateway.portal.sessions import csrf_token
from quorate.errors import UsageError
from quorate.policy import AUDIT_READ

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.audit.access import Desk
    from gateway.audit.trail import Trail
    from gateway.audit.trail.questions import Answer
    from gateway.portal.portal import Portal
    from gateway.portal.routes import Route
    from gateway.portal.sessions import Officer

T = TypeVar("T")
_MOST_PARAMETERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request.

    Attributes
    ----------
    officer
        Who asks.
    token
        The session's cookie; empty where there are no sessions.
    form
        The fields of a form that was sent; its token is checked already.
    """

    request: Request
    portal: Portal
    route: Route
    officer: Officer
    token: str = field(default="", repr=False)
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def reader(self) -> Reader:
        """Who asks, as the desk knows them."""
        return Reader(msp=self.officer.msp, role=self.officer.role, certificate=self.officer.certificate)  # type: ignore[arg-type]

    @property
    def desk(self) -> Desk:
        """Where the trail is read."""
        return self.portal.desk

    @property
    def trail(self) -> Trail:
        """The trail, for pages that were admitted."""
        return self.portal.desk.trail

    @property
    def csrf(self) -> str:
        """What this session's forms carry."""
        return csrf_token(self.token) if self.token else ""

    def query(self, *names: str) -> dict[str, str]:
        """Return the named parameters of the address that are not empty; others are refused.

        Raises
        ------
        UsageError
            When one is given that the page does not take, or twice.
        """
        given = self.request.query_params.multi_items()
        if len(given) > _MOST_PARAMETERS:
            raise UsageError("the address has too many parameters")
        found: dict[str, str] = {}
        for name, value in given:
            if name not in names or name in found:
                raise UsageError(f"this page takes no {name[:32]!r}, or takes it once")
            found[name] = value.strip()
        return {name: value for name, value in found.items() if value}

    def part(self, name: str) -> str:
        """Return a part of the address's path."""
        return str(self.request.path_params[name])

    async def admit(self, what: str, *, study: str | None = None, **asked: object) -> None:
        """Log that this page is read, when the policies in force let it be; errors as `Desk.admit`."""
        given = {key: value for key, value in asked.items() if value is not None}
        await self.desk.admit(self.reader, AUDIT_READ, via="portal", what=what, asked=given, study=study)

    async def ask(self, question: str, **asked: object) -> Answer[Any]:
        """Return an answer; errors as `Desk.ask`."""
        return await self.desk.ask(self.reader, question, asked, via="portal")

    async def read(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:  # noqa: ANN401 - passed on
        """Return what a function of the trail returns, off the event loop; for pages that were admitted."""
        return await asyncio.to_thread(function, self.trail, *arguments, **named)

    async def offered(self, study: str | None) -> dict[str, list[str]]:
        """Return what a filter offers: whoever may read of one study only learns of no other, nor of who is in it."""
        of = None if self.desk.reads_all(self.reader) else study
        return {"organisations": await self.read(organisations, of), "studies": await self.read(studies, of)}

    def may_stay(self) -> bool:
        """Tell whether the session still holds, for answers that last."""
        return self.portal.doors is None or self.portal.doors.sessions.find(self.token) is not None

    async def page(self, template: str, /, **context: object) -> Response:
        """Return a page, made off the event loop: the gateway's calls share it."""
        return await asyncio.to_thread(partial(render, template, self, **context))
