"""Contract `study`: studies, their terms, and the votes on them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from quorate.digest import Digest, digest_of
from quorate.records.common import (
    Closed,
    Dataset,
    Decimal,
    Delta,
    DigestText,
    Document,
    Milliseconds,
    Msp,
    Part,
    Rate,
    Stamp,
    Title,
    Version,
    Weight,
    Word,
)
from quorate.records.common import Round as RoundText
from quorate.records.common import Study as StudyName
from quorate.records.dataset import Adjacency, Unit

RoundState = Literal["OPEN", "SEALED", "FINAL", "DISPUTED", "ABORTED"]
State = Literal["PROPOSED", "APPROVED", "READY", "RUNNING", "SUSPENDED", "COMPLETED", "REJECTED", "ABORTED"]
UNAPPROVED: Final = frozenset({"PROPOSED", "REJECTED"})
"""States of a study that no vote has approved: its proposer may change the terms."""
NOT_BEGUN: Final = UNAPPROVED | {"APPROVED", "READY"}
"""States of a study that has no rounds yet."""
Motion = Annotated[
    str, StringConstraints(pattern=r"^(approve|abort|abort-round/[1-9][0-9]{0,4}|resume/[1-9][0-9]{0,4})$")
]
TallyMotion = Annotated[
    str,
    StringConstraints(pattern=r"^(approve|accept|abort|abort-round/[1-9][0-9]{0,4}|resume/[1-9][0-9]{0,4})$"),
]
SuspensionReason = Literal["key", "update", "data", "ledger", "legal", "other"]
SuspensionNumber = Annotated[int, Field(ge=1, le=99_999)]
LastRound = Annotated[int, Field(ge=0, le=10_000)]
"""The last round that was opened; 0 before the first."""
TimeOut = Annotated[int, Field(ge=1, le=365 * 86_400_000)]
"""Milliseconds, at most a year."""


class Participant(Part):
    """A data set that takes part, and its weight in the aggregate."""

    msp: Msp
    dataset: Dataset
    weight: Weight


class TensorTerm(Part):
    """A tensor of the model: name and shape."""

    name: Title
    shape: Annotated[list[Annotated[int, Field(ge=1, le=2**40)]], Field(max_length=8)]


class ModelTerms(Part):
    """The model's tensors in their order, and the digest of its initial file."""

    tensors: Annotated[list[TensorTerm], Field(min_length=1, max_length=4096)]
    initial: DigestText


class AggregationTerms(Part):
    """How updates become an aggregate."""

    rule: Literal["weighted-mean"]
    parameters: Annotated[dict[str, Any], Field(max_length=0)]


class PrivacyTerms(Part):
    """What a round costs: either ``none``, or DP-SGD with every public parameter."""

    mechanism: Literal["none", "dp-sgd"]
    noise_multiplier: Decimal | None = None
    sample_rate: Rate | None = None
    steps_per_round: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    clipping_norm: Decimal | None = None
    expected_batch_size: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    delta: Delta | None = None


class Evaluation(Part):
    """A public evaluation set and the metrics computed on it."""

    digest: DigestText
    metrics: Annotated[list[Word], Field(min_length=1, max_length=16)]


class Terms(Document):
    """What a vote freezes."""

    SCHEMA: ClassVar[str] = "quorate.terms/1"
    title: Title
    purpose: Word
    participants: Annotated[list[Participant], Field(min_length=1, max_length=64)]
    plan: DigestText
    model: ModelTerms
    aggregation: AggregationTerms
    scale_bits: Annotated[int, Field(ge=1, le=40)]
    bound: Annotated[int, Field(ge=1, le=2**31 - 1)]
    rounds: Annotated[int, Field(ge=1, le=10_000)]
    max_rounds: Annotated[int, Field(ge=1, le=10_000)]
    minimum_commits: Annotated[int, Field(ge=1, le=64)]
    commit_timeout_ms: TimeOut
    attest_timeout_ms: TimeOut
    attesters: Annotated[list[Msp], Field(min_length=2, max_length=64)]
    m: Annotated[int, Field(ge=2, le=64)]
    unit: Unit
    adjacency: Adjacency
    privacy: PrivacyTerms
    evaluation: Evaluation | None = None
    policy_version: Version

    @property
    def digest(self) -> Digest:
        """The digest that votes and accepts name."""
        return digest_of(self.encode())


class Propose(Document):
    """Propose a study, or a new version of one that is not yet approved."""

    SCHEMA: ClassVar[str] = "quorate.study.propose/1"
    study: StudyName
    terms: Terms


class Vote(Document):
    """Vote for the own organisation."""

    SCHEMA: ClassVar[str] = "quorate.study.vote/1"
    study: StudyName
    version: Version
    terms_digest: DigestText
    motion: Motion
    choice: Literal["approve", "reject"]


class Tally(Document):
    """Count what was voted or accepted, and close it."""

    SCHEMA: ClassVar[str] = "quorate.study.tally/1"
    study: StudyName
    motion: TallyMotion


class Accept(Document):
    """Agree, as a participant that holds plan and initial model, to take part."""

    SCHEMA: ClassVar[str] = "quorate.study.accept/1"
    study: StudyName
    version: Version
    terms_digest: DigestText


class Withdraw(Document):
    """Take part no longer."""

    SCHEMA: ClassVar[str] = "quorate.study.withdraw/1"
    study: StudyName
    version: Version


class Start(Document):
    """Begin a study that is ready."""

    SCHEMA: ClassVar[str] = "quorate.study.start/1"
    study: StudyName


class Complete(Document):
    """End a study whose rounds are done or used up."""

    SCHEMA: ClassVar[str] = "quorate.study.complete/1"
    study: StudyName


class Suspend(Document):
    """Stop a study, for a party to it that knows its last round."""

    SCHEMA: ClassVar[str] = "quorate.study.suspend/1"
    study: StudyName
    round: LastRound
    reason: SuspensionReason


class Resume(Document):
    """Withdraw the own suspension that has this number."""

    SCHEMA: ClassVar[str] = "quorate.study.resume/1"
    study: StudyName
    number: SuspensionNumber


class Get(Document):
    """Ask for a study with its votes and rounds."""

    SCHEMA: ClassVar[str] = "quorate.study.get/1"
    study: StudyName


class List(Document):
    """Ask for all studies."""

    SCHEMA: ClassVar[str] = "quorate.study.list/1"


class SuspendedBy(Part):
    """An organisation's last suspension of a study; while it stands, `lifted` is absent."""

    msp: Msp
    times: Annotated[int, Field(ge=1, le=3)]
    number: SuspensionNumber
    reason: SuspensionReason
    suspended: Stamp
    lifted: Closed | None = None


class Suspension(Part):
    """How a study was stopped, at last.

    `number` counts all suspensions, `round` is the last one opened before, and `by` has an entry per organisation.
    """

    number: SuspensionNumber
    round: LastRound
    by: list[SuspendedBy]


class Study(Document):
    """A study."""

    SCHEMA: ClassVar[str] = "quorate.study/1"
    study: StudyName
    version: Version
    state: State
    proposer: Msp
    terms: Terms
    terms_digest: DigestText
    proposed: Stamp
    expires_time: Milliseconds
    closed: Closed | None = None
    started: Stamp | None = None
    completed: Stamp | None = None
    suspension: Suspension | None = None

    @property
    def standing(self) -> list[SuspendedBy]:
        """The suspensions that nobody has lifted."""
        return [] if self.suspension is None else [by for by in self.suspension.by if by.lifted is None]

    @property
    def stopped_by(self) -> str:
        """Whose suspensions stand, and why, for people; empty when none does."""
        return ", ".join(f"{by.msp} ({by.reason})" for by in self.standing)


class VoteRecord(Document):
    """One organisation's vote."""

    SCHEMA: ClassVar[str] = "quorate.vote/1"
    study: StudyName
    version: Version
    msp: Msp
    terms_digest: DigestText
    motion: Motion
    choice: Literal["approve", "reject"]
    voted: Stamp


class AcceptRecord(Document):
    """One participant's acceptance."""

    SCHEMA: ClassVar[str] = "quorate.accept/1"
    study: StudyName
    version: Version
    msp: Msp
    terms_digest: DigestText
    accepted: Stamp


class WithdrawRecord(Document):
    """One participant's withdrawal."""

    SCHEMA: ClassVar[str] = "quorate.withdraw/1"
    study: StudyName
    version: Version
    msp: Msp
    withdrawn: Stamp


class RoundSummary(Part):
    """A round in its study's view."""

    round: RoundText
    state: RoundState
    base: DigestText
    model: DigestText | None = None


class StudyView(Document):
    """Answer to `Get`."""

    SCHEMA: ClassVar[str] = "quorate.study_view/1"
    study: Study
    votes: list[VoteRecord]
    accepts: list[AcceptRecord]
    withdrawals: list[WithdrawRecord]
    rounds: list[RoundSummary]


class StudySummary(Part):
    """A study in the list."""

    study: StudyName
    version: Version
    state: State
    title: Title
    proposer: Msp
    terms_digest: DigestText


class Studies(Document):
    """Answer to `List`."""

    SCHEMA: ClassVar[str] = "quorate.studies/1"
    studies: list[StudySummary]
