"""Facts of rule by vote: members, policies, approvals, modifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.compliance.facts.fact import Fact, counted, listed, moment
from gateway.audit.trail.questions.approvals import approvals as approvals_of
from gateway.audit.trail.questions.changes import modifications as modifications_of
from gateway.audit.trail.questions.members import members_at
from gateway.audit.trail.questions.policies import policy_history

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.audit.compliance.evidence import Evidence


def members(evidence: Evidence) -> Iterator[Fact]:
    """Yield who is a member at the end, and how many came and went."""
    found = members_at(evidence.trail)
    yield Fact("members at the end", listed(found.members))
    yield Fact("changes of members", counted(row.change for row in found.rows))


def policies(evidence: Evidence) -> Iterator[Fact]:
    """Yield every policy set that was in force, and what became of the proposals."""
    found = policy_history(evidence.trail)
    for row in found.rows:
        if row.version is not None:
            votes = f", approved by {listed(row.approved_by)}" if row.proposal else ""
            words = f"{row.state}, {row.digest}, from {moment(row.claimed_time)} (claimed){votes}"
            yield Fact(f"policy version {row.version}", words)
    yield Fact("proposals not in force", counted(row.state for row in found.rows if row.version is None))


def approvals(evidence: Evidence) -> Iterator[Fact]:
    """Yield how many approvals of each kind were exercised, and how many of them by a person's pseudonym."""
    found = approvals_of(evidence.trail).rows
    yield Fact("approvals", counted(row.kind for row in found))
    people = {row.pseudonym for row in found if row.kind == "review"}
    yield Fact("reviewers, as pseudonyms", str(len(people)))


def modifications(evidence: Evidence) -> Iterator[Fact]:
    """Yield how often each part of the system changed; its first version counts."""
    found = modifications_of(evidence.trail).rows
    yield Fact("versions, first ones included", counted(row.what for row in found))
    if found:
        last = found[-1]
        yield Fact(
            "the last one", f"{last.what} {last.about}, block {last.block}, {moment(last.claimed_time)} (claimed)"
        )
