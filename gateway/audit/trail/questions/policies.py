"""Question 2: who proposed and approved each policy set, by which quorum, and what it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.trail.history import newest, written
from gateway.audit.trail.questions.answer import Answer, DatedRow, stamps
from gateway.audit.trail.questions.members import votes_on
from quorate.policy.difference import difference
from quorate.records.ballot import Ballot
from quorate.records.consortium import Charter
from quorate.records.policy import Policy, PolicyProposal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.audit.trail.history import Written
    from gateway.audit.trail.store import Trail


class PolicyRow(DatedRow):
    """A version of the policy set, or a proposal that did not become one (yet).

    Attributes
    ----------
    version
        None for a proposal that is open or was not adopted.
    state
        ``IN_FORCE``, ``REPLACED``, ``PROPOSED`` or ``REJECTED``.
    quorum
        The charter's rule when it was decided, and how many members there were, such as ``two-thirds of 4``.
    lines_added, lines_removed
        Against the version that it replaced or would replace.
    """

    version: int | None
    state: str
    digest: str
    proposal: str | None
    title: str | None
    proposer: str
    approved_by: tuple[str, ...]
    rejected_by: tuple[str, ...]
    quorum: str
    base: str | None
    lines_added: int
    lines_removed: int


class PolicyAnswer(Answer[PolicyRow]):
    """All policy sets.

    Attributes
    ----------
    texts
        The Cedar text of each by its digest.
    diffs
        What each changes, as a unified diff, by its digest; the first one changes nothing.
    """

    texts: dict[str, str]
    diffs: dict[str, str]


def policy_history(trail: Trail) -> PolicyAnswer:
    """Tell who proposed and approved every policy set, by which quorum, when it came into force and what it changed."""
    versions = newest(trail, Policy, "policy", "version")
    proposals = newest(trail, PolicyProposal, "proposal", "policies")
    ballots = written(trail, Ballot, "ballot", "policies")
    charters = written(trail, Charter, "charter")
    texts: dict[str, str] = {found.record.digest: found.record.text for found in versions}
    texts |= {found.record.digest: found.record.text for found in proposals}
    bases: dict[str, str] = {found.record.digest: found.record.base for found in proposals}
    diffs = {digest: _diff(texts, base, digest) for digest, base in bases.items()}
    motions = {found.record.proposal: found for found in proposals}
    latest = max((found.record.version for found in versions), default=0)
    dates = stamps(trail, [*versions, *proposals])
    rows = []
    for found in versions:
        motion = motions.get(found.record.proposal or "")
        about = _about(motion, ballots, diffs) if motion else _first(charters)
        rows.append(
            PolicyRow(
                **dates[found.place],
                version=found.record.version,
                state="IN_FORCE" if found.record.version == latest else "REPLACED",
                digest=found.record.digest,
                quorum=_quorum(charters, found),
                **about,
            )
        )
    rows += [
        PolicyRow(
            **dates[found.place],
            version=None,
            state=found.record.state,
            digest=found.record.digest,
            quorum=_quorum(charters, found),
            **_about(found, ballots, diffs),
        )
        for found in proposals
        if found.record.state != "ADOPTED"
    ]
    return PolicyAnswer(
        question="policies",
        height=trail.height,
        rows=tuple(sorted(rows, key=lambda row: row.block)),
        texts=texts,
        diffs=diffs,
    )


def _about(
    motion: Written[PolicyProposal], ballots: list[Written[Ballot]], diffs: Mapping[str, str]
) -> dict[str, object]:
    record = motion.record
    approved, rejected = votes_on(ballots, record.proposal)
    lines = diffs[record.digest].split("\n")[2:]
    return {
        "proposal": record.proposal,
        "title": record.title,
        "proposer": record.proposed.msp,
        "approved_by": approved,
        "rejected_by": rejected,
        "base": record.base,
        "lines_added": sum(line.startswith("+") for line in lines),
        "lines_removed": sum(line.startswith("-") for line in lines),
    }


def _first(charters: list[Written[Charter]]) -> dict[str, object]:
    """Return how the first policy set came: with the charter that all founding members confirmed."""
    return {
        "proposal": None,
        "title": "The default, with the charter",
        "proposer": charters[0].record.proposer if charters else "",
        "approved_by": tuple(sorted(member.msp for member in charters[0].record.members)) if charters else (),
        "rejected_by": (),
        "base": None,
        "lines_added": 0,
        "lines_removed": 0,
    }


def _quorum(charters: list[Written[Charter]], found: Written[Policy] | Written[PolicyProposal]) -> str:
    before = [charter.record for charter in charters if charter.place <= found.place]
    if not before:
        return ""
    rule = "all" if isinstance(found.record, Policy) and found.record.proposal is None else before[-1].quorum.policies
    return f"{rule} of {len(before[-1].members)}"


def _diff(texts: Mapping[str, str], base: str, digest: str) -> str:
    return "\n".join(difference(texts.get(base, ""), texts[digest], names=(base[:19], digest[:19])))
