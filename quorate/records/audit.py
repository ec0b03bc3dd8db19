"""Contract `audit`: what this chaincode is, reviews, and commitments to access logs."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from quorate.canonical import MAX_INTEGER
from quorate.records.common import DigestText, Document, Hex, Msp, Part, PolicyVersion, SchemaText, Stamp, Word

Subject = Annotated[
    str,
    StringConstraints(
        pattern=r"^(ledger|block|transaction|member|policy|dataset|study|round|model)(/[A-Za-z0-9][A-Za-z0-9._:-]{0,79}){0,3}$"
    ),
]
"""What on the ledger is meant, such as ``round/one/3``."""

ReviewState = Literal["OPEN", "ASSIGNED", "CONCLUDED"]
Entries = Annotated[int, Field(ge=1, le=MAX_INTEGER)]


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


class Findings(Part):
    """Who reviews, and what came of it.

    The reviewer is a pseudonym under a key of the own organisation, the note the digest of a text off the ledger.
    """

    reviewer: Hex | None = None
    meaning: Literal["review", "approval", "responsibility", "authorship"] | None = None
    outcome: Literal["accepted", "follow-up", "violation"] | None = None
    note: DigestText | None = None


class RecordReview(Document):
    """Open a review of something on the ledger, assign it, or conclude it."""

    SCHEMA: ClassVar[str] = "quorate.audit.record_review/1"
    review: Word
    subject: Subject
    state: ReviewState
    findings: Findings


class Review(Document):
    """One organisation's review of something on the ledger."""

    SCHEMA: ClassVar[str] = "quorate.review/1"
    msp: Msp
    review: Word
    subject: Subject
    state: ReviewState
    findings: Findings
    opened: Stamp
    assigned: Stamp | None = None
    concluded: Stamp | None = None


class ReviewsQuery(Document):
    """Ask for the reviews of all members, or of one."""

    SCHEMA: ClassVar[str] = "quorate.audit.reviews/1"
    msp: Msp | None = None


class Reviews(Document):
    """Answer to `ReviewsQuery`."""

    SCHEMA: ClassVar[str] = "quorate.reviews/1"
    reviews: list[Review]


class AnchorAccessLog(Document):
    """Commit to the own access log as it is now: how many entries, and the head of their hash chain."""

    SCHEMA: ClassVar[str] = "quorate.audit.anchor_access_log/1"
    entries: Entries
    head: DigestText


class Anchor(Document):
    """The newest commitment of an organisation to its access log."""

    SCHEMA: ClassVar[str] = "quorate.anchor/1"
    msp: Msp
    entries: Entries
    head: DigestText
    anchored: Stamp


class AnchorsQuery(Document):
    """Ask for the newest anchor of each member."""

    SCHEMA: ClassVar[str] = "quorate.audit.anchors/1"


class Anchors(Document):
    """Answer to `AnchorsQuery`."""

    SCHEMA: ClassVar[str] = "quorate.anchors/1"
    anchors: list[Anchor]
