"""Canonical JSON (RFC 8785) without floating point: one value, one sequence of bytes.

Everything that is hashed or signed goes through here. Numbers are integers that IEEE 754 doubles hold exactly, so
that Go, Python and a browser read the same value.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn, TypeAlias

import rfc8785

from quorate.errors import UsageError

JSON: TypeAlias = "bool | int | str | list[JSON] | dict[str, JSON] | None"

MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 32
DOCUMENT_LIMIT: Final = 64 * 1024
"""The most bytes that a document on the ledger may have."""

_INTEGER_DIGITS = 17  # a sign and the sixteen digits of MAX_INTEGER
# A string, even an unterminated one, else a bracket; possessive, so that no input costs more than one pass.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)


def dumps(value: object) -> bytes:
    """Return the RFC 8785 encoding of a JSON value.

    Raises
    ------
    UsageError
        When the value holds a float, an integer beyond ±(2^53 - 1), a lone surrogate, a key that is not a string, an
        object that is not JSON, or more than `MAX_DEPTH` levels.
    """
    _require_portable(value, depth=0)
    return rfc8785.dumps(value)  # type: ignore[arg-type]  # checked on the line above


def loads(data: bytes, *, limit: int) -> JSON:
    """Return the value of strict JSON of at most `limit` bytes.

    Strict means: UTF-8, no duplicate names, integers within ±(2^53 - 1) and no other numbers, no lone surrogates, at
    most `MAX_DEPTH` levels. The size is checked before anything else. White space and the order of names are free
    here; see `require_canonical`.

    Raises
    ------
    UsageError
        When the data are anything else.
    """
    if len(data) > limit:
        raise UsageError(f"the document has {len(data)} bytes, more than the {limit} allowed")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"the document is not UTF-8 at byte {error.start}", cause=error) from error
    _require_shallow(text)
    try:
        value: JSON = json.loads(
            text,
            object_pairs_hook=_unique_names,
            parse_int=_integer,
            parse_float=_refuse_number,
            parse_constant=_refuse_number,
        )
    except json.JSONDecodeError as error:
        raise UsageError(f"the document is not JSON: {error}", cause=error) from error
    _require_portable(value, depth=0)
    return value


def require_canonical(data: bytes, *, limit: int = DOCUMENT_LIMIT) -> JSON:
    """Return the value of `data`, having refused any encoding of it but the RFC 8785 one.

    Raises
    ------
    UsageError
        When the data are not strict JSON (see `loads`) or not its canonical encoding.
    """
    value = loads(data, limit=limit)
    if dumps(value) != data:
        raise UsageError("the document is not in canonical form (RFC 8785)")
    return value


def _require_shallow(text: str) -> None:
    """Refuse deep nesting before the parser recurses into it."""
    depth = 0
    for match in _STRING_OR_BRACKET.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                _refuse_depth()
        elif match[0] in "]}":
            depth -= 1


def _require_portable(value: object, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        _refuse_depth()
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, str):
        _require_unicode(value)
    elif isinstance(value, int):
        _require_exact(value)
    elif isinstance(value, list | tuple):
        for item in value:
            _require_portable(item, depth=depth + 1)
    elif isinstance(value, dict):
        for name, item in value.items():
            _require_name(name)
            _require_portable(item, depth=depth + 1)
    else:
        raise UsageError(f"a {type(value).__name__} has no canonical JSON form")


def _require_name(name: object) -> None:
    if not isinstance(name, str):
        raise UsageError(f"a name in a JSON object must be a string, not {type(name).__name__}")
    _require_unicode(name)


def _require_unicode(text: str) -> None:
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError("a string holds a lone surrogate, which no UTF-8 text can carry")


def _require_exact(number: int) -> None:
    if abs(number) > MAX_INTEGER:
        raise UsageError("an integer is beyond ±(2^53 - 1)", hint="Write larger amounts as decimal strings.")


def _unique_names(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise UsageError(f"the name {twice!r} appears twice in one object")
    return members


def _integer(digits: str) -> int:
    if len(digits) > _INTEGER_DIGITS:
        raise UsageError("an integer is beyond ±(2^53 - 1)", hint="Write larger amounts as decimal strings.")
    return int(digits)


def _refuse_number(literal: str) -> NoReturn:
    raise UsageError(
        f"{literal[:32]} is not an integer, and floating point is not exact everywhere",
        hint="Write decimals as strings.",
    )


def _refuse_depth() -> NoReturn:
    raise UsageError(f"the document is nested deeper than {MAX_DEPTH} levels")
