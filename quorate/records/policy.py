"""Contract `policy`: the Cedar policy set in force, what it would decide, and the votes that change it."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import StringConstraints

from quorate.records.ballot import Ballot, CastBallot, MotionState
from quorate.records.common import (
    Closed,
    DigestText,
    Document,
    Milliseconds,
    Part,
    PolicyVersion,
    Stamp,
    Title,
    Version,
    Word,
)

PolicyText = Annotated[str, StringConstraints(max_length=64 * 1024)]
"""A policy set in Cedar."""


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
    text: PolicyText
    in_force: Stamp
    proposal: Word | None = None


class Propose(Document):
    """Propose a policy set in place of the one that `base` names."""

    SCHEMA: ClassVar[str] = "quorate.policy.propose/1"
    proposal: Word
    title: Title
    base: DigestText
    text: Annotated[str, StringConstraints(min_length=1, max_length=64 * 1024)]


class Vote(CastBallot):
    """Vote for the own organisation on a proposed policy set."""

    SCHEMA: ClassVar[str] = "quorate.policy.vote/1"


class Tally(Document):
    """Count the votes on a proposed policy set, and close it when they decide."""

    SCHEMA: ClassVar[str] = "quorate.policy.tally/1"
    proposal: Word


class ProposalQuery(Document):
    """Ask for a proposed policy set with its text and the votes on it."""

    SCHEMA: ClassVar[str] = "quorate.policy.proposal/1"
    proposal: Word


class HistoryQuery(Document):
    """Ask for all versions of the policy set and all proposals."""

    SCHEMA: ClassVar[str] = "quorate.policy.history/1"


class PolicyMotion(Part):
    """What a proposal of a policy set says, besides its text. Its digest is the text's, and what is voted on."""

    proposal: Word
    title: Title
    base: DigestText
    base_version: Version | None = None
    digest: DigestText
    state: MotionState
    version: Version | None = None
    proposed: Stamp
    expires_time: Milliseconds
    closed: Closed | None = None


class PolicyProposal(Document, PolicyMotion):
    """A proposed policy set."""

    SCHEMA: ClassVar[str] = "quorate.policy_proposal/1"
    text: PolicyText


class PolicyProposalView(Document):
    """Answer to `ProposalQuery`."""

    SCHEMA: ClassVar[str] = "quorate.policy_proposal_view/1"
    proposal: PolicyProposal
    ballots: list[Ballot]


class PolicyVersionSummary(Part):
    """One version of the policy set, without its text."""

    version: Version
    digest: DigestText
    in_force: Stamp
    proposal: Word | None = None


class PolicyHistory(Document):
    """Answer to `HistoryQuery`."""

    SCHEMA: ClassVar[str] = "quorate.policy_history/1"
    versions: list[PolicyVersionSummary]
    proposals: list[PolicyMotion]
    ballots: list[Ballot]


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
