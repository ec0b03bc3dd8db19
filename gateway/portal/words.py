"""How values are written on pages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.audit.trail.kinds import Severity

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING: Final = "\N{EN DASH}"
_SHORT: Final = 10
_DIGEST: Final = re.compile(r"(sha256:)?[0-9a-f]{64}")
_LABELS: Final = {
    "msp": "organisation",
    "by": "submitted by",
    "claimed_time": "claimed time",
    "observed_time": "observed here",
    "epsilon": "ε",
    "epsilon_nano": "ε (nano)",
    "epsilon_recounted_nano": "ε recounted (nano)",
    "cap_nano": "cap (nano)",
    "delta": "δ",
    "tx": "transaction",
}
_SEVERITIES: Final = {Severity.ROUTINE: "routine", Severity.NOTABLE: "notable", Severity.ATTENTION: "attention"}
_UNITS: Final = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))


def when(milliseconds: int | None) -> str:
    """Return a time as people read it, in UTC to the second; a dash for none."""
    moment = _moment(milliseconds)
    return NOTHING if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}"


def iso(milliseconds: int | None) -> str:
    """Return a time as machines read it; empty for none."""
    moment = _moment(milliseconds)
    return "" if moment is None else f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def ago(milliseconds: int, now: int) -> str:
    """Return how long ago something was, in its largest unit."""
    passed = max(now - milliseconds, 0)
    for size, unit in _UNITS:
        if passed >= size:
            return f"{passed // size} {unit} ago"
    return "just now"


def short(digest: str | None) -> str:
    """Return the beginning of a digest, enough to compare by eye."""
    if not digest:
        return NOTHING
    bare = digest.removeprefix("sha256:")
    return bare if len(bare) <= _SHORT else f"{bare[:_SHORT]}…"


def label(name: str) -> str:
    """Return a column's name for people."""
    words = _LABELS.get(name, name.replace("_", " "))
    return words[:1].upper() + words[1:] if words.isascii() else words


def severity_name(severity: int) -> str:
    """Return a severity's name."""
    return _SEVERITIES[Severity(severity)]


def is_digest(value: object) -> bool:
    """Tell whether a value is a digest, or a transaction's id."""
    return isinstance(value, str) and _DIGEST.fullmatch(value) is not None


def is_time(name: str, value: object) -> bool:
    """Tell whether a column holds Unix milliseconds."""
    return isinstance(value, int) and (name == "time" or name.endswith("_time"))


def is_listing(value: object) -> bool:
    """Tell whether a value is a list."""
    return isinstance(value, list | tuple)


def pretty(value: object) -> str:
    """Return JSON that is easy to read: a text that is JSON already is laid out anew, any other stays."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return str(value)
    return json.dumps(value, indent=2, ensure_ascii=False)


def _moment(milliseconds: int | None) -> datetime | None:
    if milliseconds is None:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
