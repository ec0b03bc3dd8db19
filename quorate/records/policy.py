"""Contract `policy`: the Cedar policy set in force, and what it would decide."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import StringConstraints

from quorate.records.common import DigestText, Document, PolicyVersion, Stamp, Version


class Get(Document):
    """Ask for a version of the policy set; 0 is the one in force."""

    SCHEMA: ClassVar[str] = "quorate.policy.get/1"
    version: PolicyVersion = 0


class Check(Document):
    """Ask whether the caller could call a function with a document."""

    SCHEMA: ClassVar[str] = "quorate.policy.check/1"
    function: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    document: dict[str, Any]


class Policy(Document):
    """One version of the policy set; its identity is the digest of its exact text."""

    SCHEMA: ClassVar[str] = "quorate.policy/1"
    version: Version
    digest: DigestText
    text: Annotated[str, StringConstraints(max_length=64 * 1024)]
    in_force: Stamp


class CurrentPolicy(Document):
    """Which version of the policy set is in force."""

    SCHEMA: ClassVar[str] = "quorate.policy_current/1"
    version: Version
    digest: DigestText


class Decision(Document):
    """What the policy set decides, and which policies decided."""

    SCHEMA: ClassVar[str] = "quorate.decision/1"
    decision: Literal["allow", "deny"]
    policies: list[str]
    policy_version: PolicyVersion
    policy_digest: DigestText
