"""When a transaction did what the rules do not allow."""

from __future__ import annotations

from quorate.errors import CheckFailedError


class RuleError(CheckFailedError):
    """The ledger holds a state that the chaincode's rules do not lead to."""

    meaning = "The ledger holds what the chaincode's rules do not lead to."
    advice = "Compare with another member's bundle; an endorser's chaincode may have been altered."


def require(condition: bool, message: str) -> None:  # noqa: FBT001 - it reads as assert does
    """Raise `RuleError` with the message unless the condition holds."""
    if not condition:
        raise RuleError(message)
