"""Contract `round`: from opening to a model that a quorum attested."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from quorate import canonical
from quorate.merkle import leaf_hash
from quorate.records.common import (
    Attempt,
    Closed,
    Count,
    Dataset,
    DigestText,
    Document,
    Hex,
    Milliseconds,
    Msp,
    Part,
    Stamp,
    Weight,
)
from quorate.records.common import Round as RoundText
from quorate.records.common import Study as StudyName
from quorate.records.privacy import Reservation
from quorate.records.study import RoundState

AttemptsSoFar = Annotated[int, Field(ge=0, le=3)]
DeclineReason = Literal["policy", "data", "operator", "failed"]
LeftOutReason = Literal["late", "missing", "declined", "withdrawn", "refused"]
ExcludeReason = Literal["invalid", "unavailable"]
Model = Annotated[str, Field(pattern=r"^(sha256:[0-9a-f]{64})?$")]


class Open(Document):
    """Open the next round of a study."""

    SCHEMA: ClassVar[str] = "quorate.round.open/1"
    study: StudyName
    round: RoundText


class Decline(Document):
    """Say that this data set takes no part in the round, and why."""

    SCHEMA: ClassVar[str] = "quorate.round.decline/1"
    study: StudyName
    round: RoundText
    dataset: Dataset
    reason: DeclineReason


class Commit(Document):
    """Commit to an update by its digest."""

    SCHEMA: ClassVar[str] = "quorate.round.commit/1"
    study: StudyName
    round: RoundText
    dataset: Dataset
    base: DigestText
    update: DigestText


class Seal(Document):
    """Close the round to updates and fix which are included."""

    SCHEMA: ClassVar[str] = "quorate.round.seal/1"
    study: StudyName
    round: RoundText


class Exclusion(Part):
    """A sealed update that could not be used."""

    msp: Msp
    dataset: Dataset
    reason: ExcludeReason


class Attest(Document):
    """Say which model the included updates make; `model` is empty when too few of them were usable."""

    SCHEMA: ClassVar[str] = "quorate.round.attest/1"
    study: StudyName
    round: RoundText
    attempt: Attempt
    model: Model
    excluded: Annotated[list[Exclusion], Field(max_length=64)]
    possession: DigestText


class Finalize(Document):
    """Make the model final that a quorum attested."""

    SCHEMA: ClassVar[str] = "quorate.round.finalize/1"
    study: StudyName
    round: RoundText


class Retry(Document):
    """End an attempt that found no quorum."""

    SCHEMA: ClassVar[str] = "quorate.round.retry/1"
    study: StudyName
    round: RoundText
    attempt: Attempt


class Abort(Document):
    """End a round that got too few commits."""

    SCHEMA: ClassVar[str] = "quorate.round.abort/1"
    study: StudyName
    round: RoundText


class Get(Document):
    """Ask for a round with everything that was said in it."""

    SCHEMA: ClassVar[str] = "quorate.round.get/1"
    study: StudyName
    round: RoundText


class ReceiptQuery(Document):
    """Ask for proof that an update was included, or why it was not."""

    SCHEMA: ClassVar[str] = "quorate.round.receipt/1"
    study: StudyName
    round: RoundText
    msp: Msp
    dataset: Dataset


class Included(Part):
    """An update that the seal included, with its weight and leaf hash."""

    msp: Msp
    dataset: Dataset
    weight: Weight
    update: DigestText
    leaf: Hex


class LeftOut(Part):
    """A participant without an included update."""

    msp: Msp
    dataset: Dataset
    reason: LeftOutReason


class Round(Document):
    """A round."""

    SCHEMA: ClassVar[str] = "quorate.round/1"
    study: StudyName
    round: RoundText
    state: RoundState
    base: DigestText
    commit_by: Milliseconds
    attesters: list[Msp]
    m: Count
    finals_before: Count
    opened: Stamp
    attempt: AttemptsSoFar
    attempt_time: Milliseconds | None = None
    attest_by: Milliseconds | None = None
    included: list[Included]
    left_out: list[LeftOut]
    root: Hex | None = None
    sealed: Stamp | None = None
    model: DigestText | None = None
    excluded: list[Exclusion]
    attested_by: list[Msp]
    finalized: Stamp | None = None
    closed: Closed | None = None


class CommitRecord(Document):
    """A commit."""

    SCHEMA: ClassVar[str] = "quorate.commit/1"
    study: StudyName
    round: RoundText
    msp: Msp
    dataset: Dataset
    base: DigestText
    update: DigestText
    status: Literal["ON_TIME", "LATE"]
    leaf: Hex
    committed: Stamp


class DeclineRecord(Document):
    """A decline."""

    SCHEMA: ClassVar[str] = "quorate.decline/1"
    study: StudyName
    round: RoundText
    msp: Msp
    dataset: Dataset
    reason: DeclineReason
    declined: Stamp


class Attestation(Document):
    """An attestation."""

    SCHEMA: ClassVar[str] = "quorate.attestation/1"
    study: StudyName
    round: RoundText
    attempt: Attempt
    msp: Msp
    model: Model
    excluded: list[Exclusion]
    possession: DigestText
    attested: Stamp


class RoundView(Document):
    """Answer to `Get`."""

    SCHEMA: ClassVar[str] = "quorate.round_view/1"
    round: Round
    reservations: list[Reservation]
    commits: list[CommitRecord]
    declines: list[DeclineRecord]
    attestations: list[Attestation]


class Receipt(Document):
    """Answer to `ReceiptQuery`: a proof, or a reason."""

    SCHEMA: ClassVar[str] = "quorate.receipt/1"
    study: StudyName
    round: RoundText
    msp: Msp
    dataset: Dataset
    leaf: Hex | None = None
    index: Count | None = None
    size: Count | None = None
    proof: list[Hex] | None = None
    root: Hex | None = None
    reason: str | None = None


def leaf_of(*, study: str, round_: int, msp: str, dataset: str, base: str, update: str) -> bytes:
    """Return the RFC 6962 leaf hash of a commit, 32 bytes."""
    return leaf_hash(
        canonical.dumps(
            {
                "base": base,
                "dataset": dataset,
                "msp": msp,
                "round": round_,
                "schema": "quorate.leaf/1",
                "study": study,
                "update": update,
            }
        )
    )
