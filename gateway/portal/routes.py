"""Every route of the portal with the roles that may take it; what is not in this table does not exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from gateway.portal.pages import (
    access,
    agreement,
    controls,
    exports,
    live,
    members,
    models,
    overview,
    policies,
    privacy,
    questions,
    refusals,
    reviews,
    session,
    studies,
    timeline,
    transactions,
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
    Route(name="transaction", path="/transactions/{transaction}", handler=transactions.show),
    Route(name="studies", path="/studies", handler=studies.show_all),
    Route(name="study", path="/studies/{study}", handler=studies.show),
    Route(name="round", path="/studies/{study}/rounds/{round}", handler=studies.show_round),
    Route(name="privacy", path="/privacy", handler=privacy.show),
    Route(name="curve", path="/privacy/curve", handler=privacy.curve),
    Route(name="policies", path="/policies", handler=policies.show),
    Route(name="policy", path="/policies/{digest}", handler=policies.show_one),
    Route(name="models", path="/models", handler=models.show_all),
    Route(name="model", path="/models/{digest}", handler=models.show),
    Route(name="members", path="/members", handler=members.show),
    Route(name="refusals", path="/refusals", handler=refusals.show),
    Route(name="agreement", path="/agreement", handler=agreement.show),
    Route(name="reviews", path="/reviews", handler=reviews.show),
    Route(name="prepare", path="/reviews/prepare", handler=reviews.prepare, roles=OFFICERS, method="POST", stays=False),
    Route(name="access", path="/access", handler=access.show, roles=OFFICERS),
    Route(name="exports", path="/exports", handler=exports.show, roles=OFFICERS),
    Route(name="export", path="/exports/{name}", handler=exports.download, roles=OFFICERS),
    Route(name="controls", path="/controls", handler=controls.show),
    Route(name="questions", path="/questions", handler=questions.show_all),
    Route(name="question", path="/questions/{name}", handler=questions.show),
    Route(name="theme", path="/theme", handler=session.theme, method="POST", stays=False),
    Route(name="logout", path="/logout", handler=session.logout, method="POST", stays=False),
)
"""Login itself and the files that never change are the only ones for everybody, and are not here."""

ROLES: Final = frozenset(role for route in ROUTES for role in route.roles)
