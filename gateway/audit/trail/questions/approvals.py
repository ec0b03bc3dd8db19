"""Question 3: who exercised which approval, with what meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.audit.trail.history import written
from gateway.audit.trail.questions.answer import Answer, DatedRow, stamps
from quorate.records.audit import Review
from quorate.records.ballot import Ballot
from quorate.records.consortium import Confirmation
from quorate.records.study import AcceptRecord, VoteRecord, WithdrawRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.audit.trail.history import Place, Written
    from gateway.audit.trail.store import Trail


class ApprovalRow(DatedRow):
    """One approval, or its refusal.

    Attributes
    ----------
    kind
        ``confirmation``, ``ballot``, ``study vote``, ``acceptance``, ``withdrawal`` or ``review``.
    about
        What was approved: a proposal, a study and its version, a review's subject.
    pseudonym
        Whose approval it is: a reviewer's keyed pseudonym, or the digest of the service's certificate.
    meaning
        Such as ``approve`` or, of a person, ``approval as reviewer: accepted``.
    """

    kind: str
    about: str
    study: str | None
    pseudonym: str
    meaning: str


class ApprovalsAnswer(Answer[ApprovalRow]):
    """All approvals, oldest first."""


_NOTE = (
    "Votes, confirmations and acceptances are exercised by a service's certificate on behalf of its organisation; "
    "people stand on the ledger as keyed pseudonyms that only their own organisation can resolve."
)


def approvals(trail: Trail, *, study: str | None = None, organisation: str | None = None) -> ApprovalsAnswer:
    """Tell which pseudonym exercised which approval, with what meaning."""
    rows = [*_votes(trail), *_seats(trail), *_reviews(trail)]
    rows = [
        row
        for row in rows
        if (study is None or row.study == study) and (organisation is None or row.by == organisation)
    ]
    rows.sort(key=lambda row: (row.block, row.by))
    return ApprovalsAnswer(question="approvals", height=trail.height, rows=tuple(rows), notes=(_NOTE,))


def _votes(trail: Trail) -> list[ApprovalRow]:
    confirmations = written(trail, Confirmation, "confirm")
    ballots = written(trail, Ballot, "ballot")
    votes = written(trail, VoteRecord, "vote", "study")
    dates = stamps(trail, [*confirmations, *ballots, *votes])
    rows = [
        _row(dates, found, kind="confirmation", about=f"the charter that {found.record.proposer} proposed")
        for found in confirmations
    ]
    rows += [
        _row(
            dates,
            found,
            kind="ballot",
            about=f"{found.record.about}: {found.record.proposal}",
            meaning=found.record.choice,
        )
        for found in ballots
    ]
    rows += [
        _row(
            dates,
            found,
            kind="study vote",
            about=f"{found.record.motion} {found.record.study}, version {found.record.version}",
            study=found.record.study,
            meaning=found.record.choice,
        )
        for found in votes
    ]
    return rows


def _seats(trail: Trail) -> list[ApprovalRow]:
    accepts = written(trail, AcceptRecord, "accept")
    withdrawals = written(trail, WithdrawRecord, "withdraw")
    dates = stamps(trail, [*accepts, *withdrawals])
    rows = [
        _row(
            dates,
            found,
            kind="acceptance",
            about=f"{found.record.study}, version {found.record.version}",
            study=found.record.study,
        )
        for found in accepts
    ]
    rows += [
        _row(
            dates,
            found,
            kind="withdrawal",
            about=f"{found.record.study}, version {found.record.version}",
            study=found.record.study,
            meaning="withdraw",
        )
        for found in withdrawals
    ]
    return rows


def _reviews(trail: Trail) -> list[ApprovalRow]:
    found = [version for version in written(trail, Review, "review") if version.record.state == "CONCLUDED"]
    dates = stamps(trail, found)
    return [
        _row(
            dates,
            version,
            kind="review",
            about=version.record.subject,
            study=study_of(version.record.subject),
            pseudonym=version.record.findings.reviewer or "",
            meaning=f"{version.record.findings.meaning}: {version.record.findings.outcome}",
        )
        for version in found
    ]


def study_of(subject: str) -> str | None:
    """Return the study that a review's subject names; None when it is about something else."""
    kind, *rest = subject.split("/")
    return rest[0] if kind in {"study", "round"} and rest else None


def _row(dates: Mapping[Place, dict[str, Any]], found: Written[Any], **about: str | None) -> ApprovalRow:
    values = {"study": None, "meaning": "approve", "pseudonym": found.certificate} | about
    return ApprovalRow(**dates[found.place], **values)
