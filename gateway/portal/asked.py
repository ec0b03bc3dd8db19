"""A filter of events from the address of a page, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from gateway.audit.trail import Cursor, EventFilter, event_filter
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES: Final = (
    "organisation",
    "study",
    "round",
    "kind",
    "severity",
    "first_block",
    "last_block",
    "since",
    "until",
    "text",
    "transaction",
)
_NUMBERS: Final = frozenset({"round", "severity", "first_block", "last_block"})
_TIMES: Final = frozenset({"since", "until"})


def filter_of(given: Mapping[str, str]) -> EventFilter:
    """Return the filter that an address describes.

    Raises
    ------
    UsageError
        When a value is not of its form, or a range ends before it begins.
    """
    fields: dict[str, object] = {}
    for name in NAMES:
        value = given.get(name, "")
        if value:
            fields[name] = _value(name, value)
    kind = fields.pop("kind", None)
    return event_filter(fields | ({"kinds": (kind,)} if kind else {}))


def cursor_of(text: str) -> Cursor | None:
    """Return the place that an address names, None without one; `UsageError` when it names none."""
    if not text:
        return None
    try:
        return Cursor.decode(text)
    except ValueError as error:
        raise UsageError(str(error), cause=error) from error


def address(path: str, given: Mapping[str, str], **more: str) -> str:
    """Return an address with parameters; empty ones are left out."""
    found = {name: value for name, value in {**given, **more}.items() if value}
    return f"{path}?{urlencode(found)}" if found else path


def milliseconds(text: str) -> int:
    """Return the Unix milliseconds of a time in UTC, such as ``2026-11-23T08:00``; `UsageError` when it is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text[:40]!r} is no time", hint="Write it as in 2026-11-23T08:00.", cause=error) from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return round(moment.timestamp() * 1000)


def number(name: str, text: str) -> int:
    """Return a number; `UsageError` when it is none."""
    if not text.isascii() or not text.isdigit() or len(text) > 15:  # noqa: PLR2004 - all of them are exact in JSON
        raise UsageError(f"{name}: {text[:40]!r} is no number")
    return int(text)


def _value(name: str, text: str) -> object:
    if name in _NUMBERS:
        return number(name, text)
    return milliseconds(text) if name in _TIMES else text
