"""Why a policy text is refused before any engine sees it; the chaincode refuses with the same reasons."""

from __future__ import annotations

from enum import StrEnum

from quorate.errors import UsageError


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


class PolicyRefusedError(UsageError):
    """A policy text is outside the profile that every engine decides alike."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"the policy text is refused: {reason}")
        self.reason = reason
