"""Contract `consortium`: the charter, its founding, and where each member's gateway is."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from quorate.canonical import MAX_INTEGER
from quorate.records.ballot import Ballot, CastBallot, MotionState
from quorate.records.common import Closed, DigestText, Document, Milliseconds, Msp, Part, Stamp, Title, Word

Majority = Literal["majority", "two-thirds", "all"]
Address = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.\-\[\]:]{1,255}:[0-9]{1,5}$")]
TlsRoot = Annotated[str, StringConstraints(min_length=1, max_length=8192)]
ClockSkew = Annotated[int, Field(ge=100, le=600_000)]
VotingPeriod = Annotated[int, Field(ge=1000, le=365 * 86_400_000)]


class Member(Part):
    """A member and the commitment to its fingerprint key."""

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
    """Close a founding, which is named by its proposer, or a vote on members, by its proposal."""

    SCHEMA: ClassVar[str] = "quorate.consortium.tally/1"
    motion: Literal["founding", "members"]
    proposer: Msp | None = None
    proposal: Word | None = None


class ProposeMember(Document):
    """Propose to admit an organisation, or another fingerprint key for one that is a member."""

    SCHEMA: ClassVar[str] = "quorate.consortium.propose_member/1"
    proposal: Word
    member: Member


class ProposeRemoval(Document):
    """Propose that an organisation is a member no longer."""

    SCHEMA: ClassVar[str] = "quorate.consortium.propose_removal/1"
    proposal: Word
    msp: Msp


class Vote(CastBallot):
    """Vote for the own organisation on a change of the members."""

    SCHEMA: ClassVar[str] = "quorate.consortium.vote/1"


class Announce(Document):
    """Say where the own gateway is."""

    SCHEMA: ClassVar[str] = "quorate.consortium.announce/1"
    address: Address
    tls_root: TlsRoot


class Get(Document):
    """Ask for the charter and what led to it."""

    SCHEMA: ClassVar[str] = "quorate.consortium.get/1"


class Members(Document):
    """Ask for the charter in force, the members and their gateways."""

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


class Amendment(Part):
    """Which vote last changed the charter's members; the first one has number 1."""

    number: Annotated[int, Field(ge=1, le=MAX_INTEGER)]
    proposal: Word
    stamp: Stamp


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
    amended: Amendment | None = None

    @property
    def version(self) -> int:
        """The charters that were in force are numbered from 1 on."""
        return 1 if self.amended is None else self.amended.number + 1


class MemberProposal(Document):
    """A proposed change of the members, of the charter that it names. Its digest is what is voted on."""

    SCHEMA: ClassVar[str] = "quorate.member_proposal/1"
    proposal: Word
    change: Literal["admit", "remove", "rekey"]
    msp: Msp
    fingerprint_key: DigestText | None = None
    charter_digest: DigestText
    charter_version: Annotated[int, Field(ge=1, le=MAX_INTEGER)] | None = None
    digest: DigestText
    state: MotionState
    proposed: Stamp
    expires_time: Milliseconds
    closed: Closed | None = None


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
    proposals: list[MemberProposal]
    ballots: list[Ballot]


class MemberView(Part):
    """A member, with its gateway once announced."""

    msp: Msp
    address: Address | None = None
    tls_root: str | None = None


class MembersView(Document):
    """Answer to `Members`."""

    SCHEMA: ClassVar[str] = "quorate.members/1"
    charter: Charter | None = None
    members: list[MemberView]
