"""A signed query: what is asked, of which gateway, when; and what a gateway accepts of it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from quorate.canonical import require_canonical
from quorate.errors import DeniedError
from quorate.records.common import Document, Hex, Milliseconds, Msp, make

if TYPE_CHECKING:
    from collections.abc import Mapping

TOLERANCE_MS: Final = 60_000
"""How far a query's time may be from the gateway's own."""

_TAG: Final = b"quorate audit query\n"
_LIMIT: Final = 16 * 1024


class Query(Document):
    """What is asked.

    Attributes
    ----------
    audience
        Whose gateway is meant: another one cannot be shown the same query.
    what
        ``events``, ``events/live``, ``transaction``, ``export``, ``checked`` or ``question/`` and a question's name.
    asked
        What narrows it: a filter of events, or the parts that the question takes.
    at, limit
        Of events only: where the page begins, and how many.
    """

    SCHEMA: ClassVar[str] = "quorate.audit.query/1"
    audience: Msp
    time: Milliseconds
    nonce: Hex
    via: Literal["command", "check"]
    what: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z/-]{0,63}$")]
    asked: dict[str, Any]
    at: Annotated[str, StringConstraints(max_length=32)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


def new_query(audience: str, what: str, asked: Mapping[str, object], *, time: int, **more: object) -> Query:
    """Return a query with a nonce of its own; None in `asked` stands for nothing."""
    given = {name: value for name, value in asked.items() if value is not None}
    return make(Query, audience=audience, time=time, nonce=secrets.token_hex(32), what=what, asked=given, **more)


def signed_bytes(document: bytes) -> bytes:
    """Return what a reader signs."""
    return _TAG + document


class Gatekeeper:
    """Takes each query once, and only while it is new."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._seen: dict[str, int] = {}

    def take(self, document: bytes, *, now: int) -> Query:
        """Return the query, whose signature is checked already.

        Raises
        ------
        UsageError
            When it is not one.
        DeniedError
            When it is for another gateway, too old, too new, or was asked before.
        """
        require_canonical(document, limit=_LIMIT)
        query = Query.parse(document, limit=_LIMIT)
        if query.audience != self._own:
            raise DeniedError(f"the query is for the gateway of {query.audience}, and this is that of {self._own}")
        if abs(query.time - now) > TOLERANCE_MS:
            raise DeniedError(
                f"the query is {abs(query.time - now) // 1000} s off this gateway's clock",
                hint="Synchronise the clocks of both machines.",
            )
        self._seen = {nonce: time for nonce, time in self._seen.items() if abs(time - now) <= TOLERANCE_MS}
        if query.nonce in self._seen:
            raise DeniedError("the query was asked before: each is answered once")
        self._seen[query.nonce] = query.time
        return query
