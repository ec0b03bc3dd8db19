"""Bounds what an engine is given to the profile that every engine decides alike, before any of them parses it.

Outside of it engines differ, stall or crash: 1.6 KB of nested parentheses end a Python process. Whether the text is
Cedar is for the engine to say. The chaincode's guard gives the same reasons, sought in the same order.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from quorate.policy.durations import is_duration
from quorate.policy.refusal import PolicyRefusedError, Reason
from quorate.policy.tokens import Kind, Token, tokenize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    _Policy = Sequence[Token]

MAX_TEXT: Final = 64 * 1024
"""Bytes of a policy text in UTF-8."""

MAX_POLICIES: Final = 200
MAX_TOKENS: Final = 500
"""Tokens of one policy."""

MAX_NESTING: Final = 16
MAX_DOTS: Final = 16
"""Dots in a row, with nothing but words between them."""

MAX_UNARY: Final = 4
"""Unary operators in a row."""

_ID: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_CLOSERS: Final = {"(": ")", "[": "]", "{": "}"}
_FORBIDDEN_NAMES: Final = frozenset({"toDate", "toTime", "unknown"})


def check(text: str) -> tuple[str, ...]:
    """Return the ids of a text's policies in their order, when it is within the profile.

    Raises
    ------
    PolicyRefusedError
        When it is not.
    """
    _check_size(text)
    policies = list(_split(tokenize(text)))
    if len(policies) > MAX_POLICIES:
        raise PolicyRefusedError(Reason.TOO_MANY_POLICIES)
    ids: dict[str, None] = {}
    for policy in policies:
        _check_policy(policy)
        ids[_require_id(policy, ids)] = None
    return tuple(ids)


def _check_size(text: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise PolicyRefusedError(Reason.NOT_UTF8) from error
    if size > MAX_TEXT:
        raise PolicyRefusedError(Reason.TOO_LARGE)


def _split(tokens: list[Token]) -> Iterator[list[Token]]:
    """Yield the tokens of each policy, which ends with its semicolon."""
    start = 0
    for place, token in enumerate(tokens):
        if token.says(";"):
            yield tokens[start : place + 1]
            start = place + 1
    if start < len(tokens):
        raise PolicyRefusedError(Reason.UNFINISHED_POLICY)


def _check_policy(policy: _Policy) -> None:
    if len(policy) > MAX_TOKENS:
        raise PolicyRefusedError(Reason.TOO_MANY_TOKENS)
    for look in _CHECKS:
        reason = look(policy)
        if reason is not None:
            raise PolicyRefusedError(reason)


def _nesting(policy: _Policy) -> Reason | None:
    expected: list[str] = []
    for token in policy:
        if token.kind is not Kind.SYMBOL:
            continue
        if token.value in _CLOSERS:
            expected.append(_CLOSERS[token.value])
        elif token.value in _CLOSERS.values() and (not expected or expected.pop() != token.value):
            return Reason.UNBALANCED
        if len(expected) > MAX_NESTING:
            return Reason.TOO_DEEP
    return Reason.UNBALANCED if expected else None


def _dots(policy: _Policy) -> Reason | None:
    dots = 0
    for token in policy:
        if token.says("."):
            dots += 1
        elif token.kind is not Kind.WORD:
            dots = 0
        if dots > MAX_DOTS:
            return Reason.DOT_CHAIN
    return None


def _unary(policy: _Policy) -> Reason | None:
    """Bound runs such as !!!!true, and refuse runs of both operators, which one engine does not read."""
    run: list[str] = []
    for token in policy:
        run = [*run, token.value] if token.says("!") or token.says("-") else []
        if len(run) > MAX_UNARY or len(set(run)) > 1:
            return Reason.UNARY_CHAIN
    return None


def _names(policy: _Policy) -> Reason | None:
    """Refuse functions that engines compute differently, wherever the words stand."""
    found = any(token.kind is Kind.WORD and token.value in _FORBIDDEN_NAMES for token in policy)
    return Reason.FORBIDDEN_NAME if found else None


def _values(policy: _Policy) -> Reason | None:
    """Refuse literals that engines read differently."""
    for function, bracket, argument in zip(policy, policy[1:], policy[2:], strict=False):
        if argument.kind is not Kind.TEXT or not bracket.says("("):
            continue
        if function.says("decimal") and (argument.value.startswith("+") or "\\" in argument.value):
            return Reason.DECIMAL_SIGN
        if function.says("duration") and not is_duration(argument.value):
            return Reason.DURATION_RANGE
    return None


def _action_scope(policy: _Policy) -> Reason | None:
    """Refuse a scope that names as an action what is not of type Action."""
    inside, depth = False, 0
    for place, token in enumerate(policy):
        if token.says("{"):
            return None  # the scope is over
        if token.says("(") or token.says("["):
            depth += 1
        elif token.says(")") or token.says("]"):
            depth -= 1
        elif depth == 1 and (token.says("action") or token.says(",")):
            inside = token.says("action")
        elif token.kind is Kind.TEXT and inside and not _is_action(policy, place):
            return Reason.ACTION_TYPE
    return None


def _is_action(policy: _Policy, place: int) -> bool:
    """Tell whether the text there is the id of an entity of type Action, in no namespace."""
    if place < 3:  # noqa: PLR2004 - three tokens stand before such an id
        return False
    before, kind, colons = policy[place - 3 : place]
    return colons.says("::") and kind.says("Action") and not before.says("::")


_CHECKS: Final[tuple[Callable[[_Policy], Reason | None], ...]] = (
    _nesting,
    _dots,
    _unary,
    _names,
    _values,
    _action_scope,
)


def _require_id(policy: _Policy, taken: dict[str, None]) -> str:
    """Return the value of the one annotation @id before the policy's effect, which no other policy may have."""
    found: list[str] = []
    for place in range(len(policy) - 4):
        at, name, bracket, value = policy[place : place + 4]
        if at.says("permit") or at.says("forbid"):
            break
        if not (at.says("@") and name.says("id")):
            continue
        if not bracket.says("(") or value.kind is not Kind.TEXT or not _ID.fullmatch(value.value) or found:
            raise PolicyRefusedError(Reason.BAD_ID)
        if value.value in taken:
            raise PolicyRefusedError(Reason.DUPLICATE_ID)
        found.append(value.value)
    if not found:
        raise PolicyRefusedError(Reason.MISSING_ID)
    return found[0]
