"""A signed query: what is asked, of which start of which gateway, when; and what a gateway accepts of it."""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from gateway.fabric.tls_names import host_of, is_named
from quorate.canonical import require_canonical
from quorate.errors import DeniedError
from quorate.records.common import Document, Hex, Milliseconds, Msp, make

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from quorate.identifiers import MspId

TOLERANCE_MS: Final = 60_000
"""How far a query's time may be from the gateway's own."""

_TAG: Final = b"quorate audit query\n"
_LIMIT: Final = 16 * 1024
_OLDER: Final = "quorate.audit.query/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """Which gateway a query is for.

    Attributes
    ----------
    audience
        Whose.
    gateway
        ``host:port`` as the reader reached it; TLS has shown the reader a certificate for that host.
    process
        What that gateway answered to a greeting: another one, or the same after a restart, answers otherwise.
    """

    audience: str
    channel: str
    gateway: str
    process: str


class Query(Document):
    """What is asked, and of which gateway: another one, or another start of it, cannot be shown the same query.

    Attributes
    ----------
    audience, channel, gateway, process
        As `Meant`.
    what
        ``events``, ``events/live``, ``transaction``, ``export``, ``access-log``, ``checked``, or ``question/`` and the
        name of a question.
    asked
        What narrows it: a filter of events, or the parts that the question takes.
    at, limit
        Of events only: where the page begins, and how many.
    """

    SCHEMA: ClassVar[str] = "quorate.audit.query/2"
    audience: Msp
    channel: Annotated[str, StringConstraints(max_length=249)]
    gateway: Annotated[str, StringConstraints(max_length=300)]
    process: Hex
    time: Milliseconds
    nonce: Hex
    via: Literal["command", "check"]
    what: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z/-]{0,63}$")]
    asked: dict[str, Any]
    at: Annotated[str, StringConstraints(max_length=32)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 50


def new_query(meant: Meant, what: str, asked: Mapping[str, object], *, time: int, **more: object) -> Query:
    """Return a query with a nonce of its own; None in `asked` stands for nothing."""
    given = {name: value for name, value in asked.items() if value is not None}
    return make(Query, **asdict(meant), time=time, nonce=secrets.token_hex(32), what=what, asked=given, **more)


def signed_bytes(document: bytes) -> bytes:
    """Return what a reader signs."""
    return _TAG + document


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Which gateway this is.

    Attributes
    ----------
    names
        Returns the hosts that its TLS certificate is for, as it is now.
    process
        Drawn at its start, so that nothing signed before is taken after it: what was seen need not be kept.
    """

    msp: MspId
    channel: str
    names: Callable[[], Iterable[str]]
    process: str = field(default_factory=partial(secrets.token_hex, 32))


class Gatekeeper:
    """Takes each query once, and only while it is new."""

    def __init__(self, own: Own) -> None:
        self._own = own
        self._seen: dict[str, int] = {}

    def take(self, document: bytes, *, now: int) -> Query:
        """Return the query, whose signature is checked already.

        Raises
        ------
        UsageError
            When it is not one.
        UnsupportedVersionError
            When it is of a newer client.
        DeniedError
            When it is for another gateway or another start of this one, too old, too new, or was asked before; or of an
            older client, which would take any other answer for that of a peer, and export unlogged.
        """
        value = require_canonical(document, limit=_LIMIT)
        if isinstance(value, dict) and value.get("schema") == _OLDER:
            raise DeniedError(
                "the query is of a client older than this gateway: it does not say which gateway it is for",
                hint="Install the gateway's version of Quorate where the command runs.",
            )
        query = Query.parse(document, limit=_LIMIT)
        self._require_meant(query)
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

    def _require_meant(self, query: Query) -> None:
        own = self._own
        if query.audience != own.msp:
            raise DeniedError(f"the query is for the gateway of {query.audience}, and this is that of {own.msp}")
        if query.channel != own.channel:
            raise DeniedError(f"the query is for the channel {query.channel}, and this gateway's is {own.channel}")
        if query.process != own.process:
            raise DeniedError(
                "the query is for another start of this gateway, or for another gateway",
                hint="Ask again: each query is made for the gateway that answers just now.",
            )
        if not is_named(host_of(query.gateway), own.names()):
            raise DeniedError(
                f"the query is for the gateway at {query.gateway}, and this one's TLS certificate is not for that host",
                hint="Reach the gateway under a name that its certificate has.",
            )
