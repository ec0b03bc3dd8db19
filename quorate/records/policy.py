"""Contract `policy`: the Cedar policy set in force, and what it would decide."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, StringConstraints

from quorate.records.common import Count, DigestText, Document, Stamp


class Get(Document):
    """Ask for a version of the policy set; 0 is the one in force."""

    SCHEMA: ClassVar[str] = "quorate.policy.get/1"
    version: Count = 0


class Check(Document):
    """Ask whether the caller could call a function with a document."""

    SCHEMA: ClassVar[str] = "quorate.policy.check/1"
    function: Annotated[str, StringConstraints(max_length=128)]
    document: dict[str, Any]


class Policy(Document):
    """One version of the policy set; its identity is the digest of its exact text."""

    SCHEMA: ClassVar[str] = "quorate.policy/1"
    version: Annotated[int, Field(ge=1)]
    digest: DigestText
    text: str
    in_force: Stamp


class Decision(Document):
    """What the policy set decides, and which policies decided."""

    SCHEMA: ClassVar[str] = "quorate.decision/1"
    decision: Literal["allow", "deny"]
    policies: list[str]
    policy_version: Count
    policy_digest: DigestText
