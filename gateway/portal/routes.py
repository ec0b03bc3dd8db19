"""Every route of the portal with the roles that may take it; what is not in this table does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from gateway.portal.pages import (
    live,
    overview,
    session,
    timeline,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from gateway.portal.visit import Visit

    Handler = Callable[[Visit], Awaitable[Response]]

READERS: Final = frozenset({"officer", "operator"})
OFFICERS: Final = frozenset({"officer"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A way in.

    Attributes
    ----------
    roles
        Who may take it, by the certificate's role. The policies in force are asked beyond that for whatever is read.
    stays
        Whether it is there where nobody logs in, as when a bundle is looked at.
    """

    name: str
    path: str
    handler: Handler
    roles: frozenset[str] = READERS
    method: Literal["GET", "POST"] = "GET"
    stays: bool = True


ROUTES: Final[tuple[Route, ...]] = (
    Route(name="overview", path="/", handler=overview.show),
    Route(name="timeline", path="/timeline", handler=timeline.show),
    Route(name="live", path="/live", handler=live.stream),
    Route(name="theme", path="/theme", handler=session.theme, method="POST", stays=False),
    Route(name="logout", path="/logout", handler=session.logout, method="POST", stays=False),
)
"""Login itself and the files that never change are the only ones for everybody, and are not here."""

ROLES: Final = frozenset(role for route in ROUTES for role in route.roles)
