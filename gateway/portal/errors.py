"""Errors as pages: what happened, why, what to do next; nothing of the inside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.portal.render import plain_page
from quorate.errors import (
    AlreadyExistsError,
    BudgetError,
    ConflictError,
    DeniedError,
    ExpiredError,
    LimitError,
    NotFoundError,
    QuorateError,
    StateError,
    UsageError,
)

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from gateway.portal.portal import Portal

_STATUS: Final[tuple[tuple[type[QuorateError], int], ...]] = (
    (UsageError, 400),
    (DeniedError, 403),
    (NotFoundError, 404),
    (ExpiredError, 403),
    (AlreadyExistsError, 409),
    (ConflictError, 409),
    (StateError, 409),
    (BudgetError, 409),
    (LimitError, 429),
)


def error_page(portal: Portal, request: Request, error: QuorateError) -> Response:
    """Return the page of an error; one that is nobody's request's fault is 503."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 503)
    return plain_page(
        "error.html", portal, request, status=status, code=error.code, message=error.message, hint=error.hint
    )


def not_found(portal: Portal, request: Request) -> Response:
    """Return the page of what does not exist."""
    return error_page(portal, request, NotFoundError("there is no such page", hint="Begin with the overview."))
