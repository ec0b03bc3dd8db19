"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """How a check ended."""

    OK = "ok"
    FAILED = "failed"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the doctor's answer."""

    check: str
    outcome: Outcome
    message: str
    hint: str = ""


def ok(check: str, message: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(check=check, outcome=Outcome.OK, message=message)


def failed(check: str, message: str, hint: str) -> Finding:
    """Return a finding that something has to be repaired, and how."""
    return Finding(check=check, outcome=Outcome.FAILED, message=message, hint=hint)


def not_checked(check: str, message: str) -> Finding:
    """Return a finding that this could not be found out, and why."""
    return Finding(check=check, outcome=Outcome.NOT_CHECKED, message=message)
