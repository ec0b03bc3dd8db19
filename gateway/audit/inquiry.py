"""Asks the trail for the command line: of the own organisation's gateway, or of a bundle in memory."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gateway.audit.access.client import AuditClient, Told
from gateway.audit.trail.bundle import read_bundle
from gateway.audit.trail.detail import transaction
from gateway.audit.trail.filter import Cursor, event_filter
from gateway.audit.trail.pages import page
from gateway.audit.trail.questions import ask as answer
from gateway.ledger.session import Profile, open_session
from quorate.errors import UsageError
from quorate.verify import verify_bundle

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from pathlib import Path

    from gateway.audit.trail.questions import Memory
    from gateway.audit.trail.store import Trail

_NOT_VERIFIED = "The bundle was not verified: `quorate audit verify`, or --genesis here, does that."


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where answers come from: exactly one of `profile` and `bundle`.

    Attributes
    ----------
    genesis
        Verify the bundle first, with this pinned.
    """

    profile: Path | None = None
    bundle: Path | None = None
    genesis: str | None = None

    def __post_init__(self) -> None:
        if (self.profile is None) == (self.bundle is None):
            raise UsageError(
                "either a gateway is asked or a bundle", hint="Give --profile (or QUORATE_PROFILE), or --bundle."
            )
        if self.genesis is not None and self.bundle is None:
            raise UsageError("a genesis is pinned of a bundle only")


async def inquire(source: Source, what: str, asked: Mapping[str, object], **more: Any) -> Told:  # noqa: ANN401 - a page's place and size
    """Return the answer to ``events``, ``transaction`` or ``question/…``.

    Raises
    ------
    VerificationError
        When a bundle that should be verified first does not hold.
    QuorateError
        What the gateway answered; or what is wrong with the question or the bundle.
    """
    if what == "events":
        event_filter(asked)  # a gateway refuses the same, and cannot send the hint
    if source.bundle is None:
        async with open_session(Profile.load(_given(source.profile))) as session:
            return await AuditClient(session).ask(what, asked, **more)
    unchecked = _verified(source.bundle, source.genesis)
    try:
        trail, memory = read_bundle(source.bundle)
    except UsageError as error:
        raise UsageError(
            f"{source.bundle} is no bundle: {error}", hint="`quorate audit export` writes one.", cause=error
        ) from error
    try:
        told = _told(trail, replace(memory, unchecked=unchecked), what, asked, **more)
    finally:
        trail.close()
    if source.genesis is None:
        told.head["notes"] = [*told.head.get("notes", ()), _NOT_VERIFIED]
    return told


async def follow(
    source: Source, asked: Mapping[str, object], *, at: str | None
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield events as they come, for ever.

    Raises
    ------
    UsageError
        When the source is a bundle, to which nothing is added.
    QuorateError
        When the gateway refuses, or the connection breaks.
    """
    if source.profile is None:
        raise UsageError("nothing is added to a bundle, so there is nothing to follow")
    event_filter(asked)  # as in `inquire`
    async with open_session(Profile.load(source.profile)) as session:
        client = AuditClient(session)
        more = {} if at is None else {"at": at}
        async with aclosing(client.stream("events/live", asked, **more)) as parts:
            async for is_head, value in parts:
                if not is_head:
                    yield value


def _told(trail: Trail, memory: Memory, what: str, asked: Mapping[str, object], **more: Any) -> Told:  # noqa: ANN401 - the same
    given = {name: value for name, value in asked.items() if value is not None}
    if what == "events":
        return _events(trail, memory, given, **more)
    if what == "transaction":
        found = transaction(trail, str(given.get("transaction", "")))
        return Told({"question": what, "height": trail.height}, [found.model_dump(mode="json")])
    document = answer(trail, what.removeprefix("question/"), given, memory).as_json()
    rows = document.pop("rows")
    return Told(document, rows)


def _events(
    trail: Trail, memory: Memory, asked: Mapping[str, object], *, at: str | None = None, limit: int = 50
) -> Told:
    wanted = event_filter(asked)
    try:
        place = None if at is None else Cursor.decode(at)
    except ValueError as error:
        raise UsageError(str(error), cause=error) from error
    found = page(trail, wanted, at=place, limit=limit, observing=memory.observing)
    head = {
        "schema": "quorate.answer/1",
        "question": "events",
        "height": found.height,
        "older": found.older.encode() if found.older else None,
        "newer": found.newer.encode() if found.newer else None,
    }
    return Told(head, found.as_rows())


def _verified(bundle: Path, genesis: str | None) -> tuple[tuple[str, str], ...]:
    if genesis is None:
        return ()
    return tuple((found.message, found.why) for found in verify_bundle(bundle, genesis=genesis).not_checked)


def _given(profile: Path | None) -> Path:
    if profile is None:
        raise UsageError("no profile is given")
    return profile
