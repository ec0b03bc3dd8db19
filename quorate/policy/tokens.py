"""Cuts policy text into tokens, refusing what the profile does not have."""

from __future__ import annotations

import re
from enum import Enum
from typing import Final, NamedTuple

from quorate.policy.refusal import PolicyRefusedError, Reason


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    TEXT = "text"
    SYMBOL = "symbol"


class Token(NamedTuple):
    """A token; of a text, `value` is the content between the quotes, escapes included."""

    kind: Kind
    value: str

    def says(self, value: str) -> bool:
        """Tell whether this is that word or symbol, and not a text that reads like it."""
        return self.kind is not Kind.TEXT and self.value == value


_NEXT: Final = re.compile(
    r"""
      (?P<blank>   [ \t\n]++ | //[^\x00-\x08\x0a-\x1f\x7f]*+ (?=\n|\Z) )
    | (?P<word>    [A-Za-z_][A-Za-z0-9_]*+ )
    | (?P<number>  [0-9]++ )
    | (?P<text>    "(?: [^"\\\x00-\x1f\x7f] | \\[^\x00-\x1f] )*+" )
    | (?P<symbol>  :: | == | != | <= | >= | && | \|\| | [(){}\[\],;.:@<>!+\-*] )
    """,
    re.VERBOSE,
)
_INSIDE_TEXT: Final = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f])*+\\?')
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def tokenize(source: str) -> list[Token]:
    """Return the tokens of a policy text without blanks and comments.

    Raises
    ------
    PolicyRefusedError
        At the first place that the profile does not have.
    """
    tokens = []
    at = 0
    while at < len(source):
        found = _NEXT.match(source, at)
        if found is None:
            raise PolicyRefusedError(_reason(source, at), line=source.count("\n", 0, at) + 1)
        at = found.end()
        if found.lastgroup == "text":
            tokens.append(Token(Kind.TEXT, found[0][1:-1]))
        elif found.lastgroup != "blank":
            tokens.append(Token(Kind(found.lastgroup), found[0]))
    return tokens


def _reason(source: str, at: int) -> Reason:
    """Return why no token begins here."""
    first = source[at]
    if source.startswith("//", at) or _CONTROL.match(first):
        return Reason.CONTROL_CHARACTER
    if not first.isascii():
        return Reason.NON_ASCII
    if source.startswith("/*", at):
        return Reason.BLOCK_COMMENT
    if first == '"':
        return _reason_in_text(source, at)
    return Reason.TEMPLATE if first == "?" else Reason.UNEXPECTED_CHARACTER


def _reason_in_text(source: str, at: int) -> Reason:
    inside = _INSIDE_TEXT.match(source, at)
    end = inside.end() if inside else at
    if end == len(source):
        return Reason.UNFINISHED_TEXT
    return Reason.NEWLINE_IN_TEXT if source[end] == "\n" else Reason.CONTROL_CHARACTER
