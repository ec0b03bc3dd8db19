"""Contract `consortium`: the charter, its founding, and where each member's gateway is."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from quorate.records.common import DigestText, Document, Msp, Part, Stamp, Title

Majority = Literal["majority", "two-thirds", "all"]
Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.\-\[\]:]{1,255}:[0-9]{1,5}$")]
TlsRoot = Annotated[str, StringConstraints(min_length=1, max_length=8192)]
ClockSkew = Annotated[int, Field(ge=100, le=600_000)]
VotingPeriod = Annotated[int, Field(ge=1000, le=365 * 86_400_000)]


class Member(Part):
    """A founding member and the commitment to its fingerprint key."""

    msp: Msp
    fingerprint_key: DigestText


FoundingMembers = Annotated[list[Member], Field(min_length=2, max_length=64)]


class Quorum(Part):
    """Which share of the members decides."""

    studies: Majority
    members: Majority
    policies: Majority


class Found(Document):
    """Propose a charter."""

    SCHEMA: ClassVar[str] = "quorate.consortium.found/1"
    title: Title
    members: FoundingMembers
    quorum: Quorum
    clock_skew_ms: ClockSkew
    voting_period_ms: VotingPeriod


class Confirm(Document):
    """Agree to a proposed charter."""

    SCHEMA: ClassVar[str] = "quorate.consortium.confirm/1"
    proposer: Msp
    charter_digest: DigestText


class Tally(Document):
    """Close a founding that every member has confirmed."""

    SCHEMA: ClassVar[str] = "quorate.consortium.tally/1"
    motion: Literal["founding"]
    proposer: Msp


class Announce(Document):
    """Say where the own gateway is."""

    SCHEMA: ClassVar[str] = "quorate.consortium.announce/1"
    address: Address
    tls_root: TlsRoot


class Get(Document):
    """Ask for the charter and what led to it."""

    SCHEMA: ClassVar[str] = "quorate.consortium.get/1"


class Members(Document):
    """Ask for the members and their gateways."""

    SCHEMA: ClassVar[str] = "quorate.consortium.members/1"


class Founding(Document):
    """A proposed charter."""

    SCHEMA: ClassVar[str] = "quorate.founding/1"
    proposer: Msp
    title: Title
    members: FoundingMembers
    quorum: Quorum
    clock_skew_ms: ClockSkew
    voting_period_ms: VotingPeriod
    charter_digest: DigestText
    proposed: Stamp


class Confirmation(Document):
    """One member's agreement to a proposed charter."""

    SCHEMA: ClassVar[str] = "quorate.confirmation/1"
    proposer: Msp
    msp: Msp
    charter_digest: DigestText
    confirmed: Stamp


class Charter(Document):
    """The charter in force."""

    SCHEMA: ClassVar[str] = "quorate.charter/1"
    title: Title
    members: FoundingMembers
    quorum: Quorum
    clock_skew_ms: ClockSkew
    voting_period_ms: VotingPeriod
    charter_digest: DigestText
    proposer: Msp
    activated: Stamp


class GatewayRecord(Document):
    """Where a member's gateway is, and which root its certificate hangs from."""

    SCHEMA: ClassVar[str] = "quorate.gateway/1"
    msp: Msp
    address: Address
    tls_root: TlsRoot
    announced: Stamp


class ConsortiumView(Document):
    """Answer to `Get`."""

    SCHEMA: ClassVar[str] = "quorate.consortium/1"
    charter: Charter | None = None
    foundings: list[Founding]
    confirmations: list[Confirmation]


class MemberView(Part):
    """A member, with its gateway once announced."""

    msp: Msp
    address: Address | None = None
    tls_root: str | None = None


class MembersView(Document):
    """Answer to `Members`."""

    SCHEMA: ClassVar[str] = "quorate.members/1"
    members: list[MemberView]
