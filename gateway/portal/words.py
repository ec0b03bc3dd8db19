"""How values are written on pages."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from markupsafe import Markup, escape

from gateway.audit.trail.kinds import Severity
from quorate.cli.terminal import printable
from quorate.privacy.spelling import epsilon_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
NOTHING: Final = "\N{EN DASH}"
_SHORT: Final = 10
_ROOM: Final = 1 << 20
"""Characters that JSON may take laid out anew: deep nesting makes hundreds of megabytes of a short text."""
_LAYOUT: Final = json.JSONEncoder(indent=2, ensure_ascii=False)
_DIGEST: Final = re.compile(r"(sha256:)?[0-9a-f]{64}")
_DIGESTS: Final = re.compile(r"\b(?:sha256:)?[0-9a-f]{64}\b")
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
    "dataset": "data set",
    "at": "place (where a page begins)",
    "limit": "lines on a page",
}
_SEVERITIES: Final = {Severity.ROUTINE: "routine", Severity.NOTABLE: "notable", Severity.ATTENTION: "attention"}
_FIGURE: Final = re.compile(r"[+-]?\d+([./]\d+)?(e-?\d+)?")
_NAMES: Final = frozenset({"study", "dataset", "proposal", "review"})
_UNITS: Final = ((86_400_000, "d"), (3_600_000, "h"), (60_000, "min"), (1000, "s"))


def visible(value: object) -> object:
    """Return a value as a page writes it: of a text, whatever nobody sees or turns it around is an escape.

    Titles, policy texts and documents are other members'; what they show is to be what they say.
    """
    return printable(value, keep="\n\t") if type(value) is str else value


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


def with_short_digests(text: str) -> Markup:
    """Return a text in which digests are short, each whole in its title."""
    text = printable(text, keep="\n\t")  # what it becomes is no text any more that `visible` would look at
    parts, end = [], 0
    for found in _DIGESTS.finditer(text):
        whole = found[0]
        parts += [escape(text[end : found.start()]), Markup('<code title="{}">{}</code>').format(whole, short(whole))]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def with_code(text: str) -> Markup:
    """Return a text of our own in which what stands between backticks is code."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part)
        for place, part in enumerate(text.split("`"))
    )


def in_words(asked: str) -> list[tuple[str, str]]:
    """Return a filter, which is canonical JSON, as names and values; a text that is none is a value itself."""
    try:
        found = json.loads(asked)
    except (ValueError, RecursionError):
        return [("", asked)]
    if not isinstance(found, dict):
        return [("", asked)]
    return [
        (name.replace("_", " "), value if isinstance(value, str) else pretty_line(value))
        for name, value in found.items()
    ]


def pretty_line(value: object) -> str:
    """Return a JSON value as people read it in a line: a list without its brackets, a text without its quotes."""
    if isinstance(value, list):
        return ", ".join(one if isinstance(one, str) else pretty_line(one) for one in value)
    return json.dumps(value, ensure_ascii=False)


def epsilon(nano: str | int) -> str:
    """Return an ε of nano-units, rounded up to four decimals as everywhere."""
    return epsilon_text(int(nano))


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


def figure_columns(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> frozenset[str]:
    """Return which columns hold numbers and nothing else, as numbers or written out."""
    return frozenset(
        name
        for name in columns
        if name not in _NAMES
        and any(row[name] is not None for row in rows)
        and all(_is_figure(name, row[name]) for row in rows)
    )


def _is_figure(name: str, value: object) -> bool:
    if value is None:
        return True
    if isinstance(value, str):
        return _FIGURE.fullmatch(value) is not None
    return isinstance(value, int) and not isinstance(value, bool) and not is_time(name, value)


def is_listing(value: object) -> bool:
    """Tell whether a value is a list."""
    return isinstance(value, list | tuple)


def pretty(text: str) -> str:
    """Return JSON that is easy to read; a text that is none, or could not be shown laid out anew, stays as it is."""
    try:
        parts, room = [], _ROOM
        for part in _LAYOUT.iterencode(json.loads(text)):
            room -= len(part)
            if room < 0:
                return text
            parts.append(part)
        found = "".join(parts)
        found.encode()  # an escape may stand for half a character, which no page can hold
    except (ValueError, RecursionError):
        return text
    return found


def _moment(milliseconds: int | None) -> datetime | None:
    if milliseconds is None:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None
