"""What a bundle is asked to be about, from a command's options."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from quorate.errors import UsageError
from quorate.verify.bundle.scope import Extent

_ROUNDS = re.compile(r"([1-9][0-9]{0,5})-([1-9][0-9]{0,5})")


def extent_of(*, study: str | None, rounds: str | None, since: str | None, until: str | None) -> Extent:
    """Return what is asked for.

    Raises
    ------
    UsageError
        When the options cannot be read, or exclude each other.
    """
    first, last = (None, None) if rounds is None else _rounds(rounds)
    return Extent(
        study=study,
        first_round=first,
        last_round=last,
        since=None if since is None else milliseconds(since),
        until=None if until is None else milliseconds(until),
    )


def _rounds(text: str) -> tuple[int, int]:
    found = _ROUNDS.fullmatch(text)
    if found is None:
        raise UsageError(f"{text[:40]!r} names no rounds", hint="Write the first and the last, such as 3-7.")
    return int(found[1]), int(found[2])


def milliseconds(text: str) -> int:
    """Return a time with a time zone as Unix milliseconds; `UsageError` when it is none."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        hint = "Write it as in 2026-11-23T08:00:00Z."
        raise UsageError(f"{text[:40]!r} is no time", hint=hint, cause=error) from error
    if time.tzinfo is None:
        raise UsageError(f"{text[:40]!r} names no time zone", hint="Add Z for UTC, or an offset such as +01:00.")
    return round((time.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)
