"""Contract `audit`: what this chaincode is."""

from __future__ import annotations

from typing import ClassVar

from quorate.records.common import DigestText, Document, PolicyVersion, SchemaText


class InfoQuery(Document):
    """Ask what this chaincode is."""

    SCHEMA: ClassVar[str] = "quorate.audit.info/1"


class Info(Document):
    """Version, schemas, functions, and what is in force."""

    SCHEMA: ClassVar[str] = "quorate.info/1"
    chaincode_version: str
    schemas: list[SchemaText]
    functions: list[str]
    policy_version: PolicyVersion
    policy_digest: DigestText
    charter_digest: DigestText | None = None
