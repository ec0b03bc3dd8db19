"""Why a policy text is refused before any engine sees it; the chaincode refuses with the same reasons."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Reason(StrEnum):
    """Why the guard refuses a policy text."""

    TOO_LARGE = "too-large"
    NOT_UTF8 = "not-utf8"
    CONTROL_CHARACTER = "control-character"
    NON_ASCII = "non-ascii"
    BLOCK_COMMENT = "block-comment"
    NEWLINE_IN_TEXT = "newline-in-text"
    UNFINISHED_TEXT = "unfinished-text"
    TEMPLATE = "template"
    UNEXPECTED_CHARACTER = "unexpected-character"
    TOO_MANY_POLICIES = "too-many-policies"
    TOO_MANY_TOKENS = "too-many-tokens"
    TOO_DEEP = "too-deep"
    UNBALANCED = "unbalanced"
    UNFINISHED_POLICY = "unfinished-policy"
    DOT_CHAIN = "dot-chain"
    UNARY_CHAIN = "unary-chain"
    FORBIDDEN_NAME = "forbidden-name"
    DECIMAL_SIGN = "decimal-sign"
    DURATION_RANGE = "duration-range"
    ACTION_TYPE = "action-type"
    MISSING_ID = "missing-id"
    BAD_ID = "bad-id"
    DUPLICATE_ID = "duplicate-id"


HINTS: Final[Mapping[Reason, str]] = MappingProxyType(
    {
        Reason.TOO_LARGE: "Shorten it; comments count too.",
        Reason.NOT_UTF8: "Save the file as UTF-8.",
        Reason.CONTROL_CHARACTER: "Save the file with Unix line ends, and without other control characters.",
        Reason.NON_ASCII: "Outside comments and texts, write ASCII only.",
        Reason.BLOCK_COMMENT: "Begin each line of a comment with //.",
        Reason.NEWLINE_IN_TEXT: "End each text on the line on which it begins.",
        Reason.UNFINISHED_TEXT: "Close the text with a quotation mark.",
        Reason.TEMPLATE: "Write out whom each policy is for: templates (?principal, ?resource) are not taken.",
        Reason.UNEXPECTED_CHARACTER: "Something in it is not Cedar; compare it with `quorate policy show`.",
        Reason.TOO_MANY_POLICIES: "Join policies.",
        Reason.TOO_MANY_TOKENS: "Divide the longest policy.",
        Reason.TOO_DEEP: "Nest fewer brackets.",
        Reason.UNBALANCED: "A bracket is not closed, or closed by one of another kind.",
        Reason.UNFINISHED_POLICY: "End the last policy with a semicolon.",
        Reason.DOT_CHAIN: "Follow fewer attributes in a row.",
        Reason.UNARY_CHAIN: "Write fewer of ! and - in a row, and not both.",
        Reason.FORBIDDEN_NAME: "It uses a function that engines compute differently; say it in another way.",
        Reason.DECIMAL_SIGN: "Write decimals without + and without escapes.",
        Reason.DURATION_RANGE: "Write a duration of the form and size that Cedar knows, such as 1d2h.",
        Reason.ACTION_TYPE: 'Name actions as Action::"…".',
        Reason.MISSING_ID: 'Begin each policy with @id("…").',
        Reason.BAD_ID: "Give each policy one @id of lower case letters, digits, dots and hyphens, before its effect.",
        Reason.DUPLICATE_ID: "Give each policy an id of its own.",
    }
)
"""What to do about each reason."""


class PolicyRefusedError(UsageError):
    """A policy text is outside the profile that every engine decides alike; `line` is where, if it is one place."""

    def __init__(self, reason: Reason, *, line: int | None = None) -> None:
        place = "" if line is None else f" in line {line}"
        super().__init__(f"the policy text is refused: {reason}{place}", hint=HINTS[reason])
        self.reason = reason
