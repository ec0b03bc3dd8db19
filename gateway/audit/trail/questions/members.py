"""Question 1: who was a member, and who admitted or removed whom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.audit.trail.history import newest, written
from gateway.audit.trail.questions.answer import Answer, DatedRow, stamps
from quorate.errors import NotFoundError
from quorate.records.ballot import Ballot
from quorate.records.consortium import Charter, Confirmation, MemberProposal
from quorate.records.round import Round

if TYPE_CHECKING:
    from gateway.audit.trail.history import Place, Written
    from gateway.audit.trail.store import Trail


class MemberChange(DatedRow):
    """A change of the members, up to the place that was asked about.

    Attributes
    ----------
    change
        ``founded``, ``admitted``, ``rekeyed``, ``removed``, or ``rejected`` when a proposal was not adopted.
    is_member
        Whether the organisation is a member in the end.
    proposal
        What was voted on; none at the founding.
    """

    msp: str
    change: str
    is_member: bool
    proposal: str | None
    proposer: str
    approved_by: tuple[str, ...]
    rejected_by: tuple[str, ...]


class MembersAnswer(Answer[MemberChange]):
    """Who is a member, and how each came or went.

    Attributes
    ----------
    members
        Who is a member at the place that was asked about.
    attesters
        Those of the round; none when no round was asked about.
    """

    members: tuple[str, ...]
    attesters: tuple[str, ...] = ()
    round_opened_in: int | None = None


def members_at(trail: Trail, *, study: str | None = None, round: int | None = None) -> MembersAnswer:
    """Tell who was a member when a round was opened, and who admitted or removed them; now when no round is named.

    Raises
    ------
    NotFoundError
        When the ledger has no such round.
    """
    place, opened = (None, None) if study is None or round is None else _opening(trail, study, round)
    charters = written(trail, Charter, "charter", until=place)
    members = tuple(member.msp for member in charters[-1].record.members) if charters else ()
    ballots = written(trail, Ballot, "ballot", "members", until=place)
    decided = [
        version
        for version in written(trail, MemberProposal, "proposal", "members", until=place)
        if version.record.state != "PROPOSED"
    ]
    rows = _founders(trail, charters, members, place) + _voted(trail, decided, ballots, members)
    return MembersAnswer(
        question="members",
        height=trail.height,
        rows=tuple(sorted(rows, key=lambda row: (row.block, row.msp))),
        members=members,
        attesters=() if opened is None else tuple(opened.record.attesters),
        round_opened_in=None if opened is None else opened.block,
        notes=() if charters else ("No charter was in force: nobody was a member yet.",),
    )


def _opening(trail: Trail, study: str, number: int) -> tuple[Place, Written[Round]]:
    found = written(trail, Round, "round", study, f"{number:06d}")
    if not found:
        raise NotFoundError(f"the ledger has no round {number} of a study {study}")
    return found[0].place, found[0]


def _founders(
    trail: Trail, charters: list[Written[Charter]], members: tuple[str, ...], place: Place | None
) -> list[MemberChange]:
    if not charters:
        return []
    first = charters[0]
    confirmed = newest(trail, Confirmation, "confirm", first.record.proposer, until=place)
    agreed = [c.record.msp for c in confirmed if c.record.charter_digest == first.record.charter_digest]
    stamp = stamps(trail, [first])[first.place]
    return [
        MemberChange(
            **stamp,
            msp=member.msp,
            change="founded",
            is_member=member.msp in members,
            proposal=None,
            proposer=first.record.proposer,
            approved_by=tuple(sorted(agreed)),
            rejected_by=(),
        )
        for member in first.record.members
    ]


def _voted(
    trail: Trail, decided: list[Written[MemberProposal]], ballots: list[Written[Ballot]], members: tuple[str, ...]
) -> list[MemberChange]:
    words = {"admit": "admitted", "remove": "removed", "rekey": "rekeyed"}
    dates = stamps(trail, decided)
    rows = []
    for version in decided:
        record = version.record
        approved, rejected = votes_on(ballots, record.proposal)
        rows.append(
            MemberChange(
                **dates[version.place],
                msp=record.msp,
                change=words[record.change] if record.state == "ADOPTED" else "rejected",
                is_member=record.msp in members,
                proposal=record.proposal,
                proposer=record.proposed.msp,
                approved_by=approved,
                rejected_by=rejected,
            )
        )
    return rows


def votes_on(ballots: list[Written[Ballot]], proposal: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return who voted for a proposal and who against it."""
    cast = [ballot.record for ballot in ballots if ballot.record.proposal == proposal]
    return (
        tuple(sorted(ballot.msp for ballot in cast if ballot.choice == "approve")),
        tuple(sorted(ballot.msp for ballot in cast if ballot.choice == "reject")),
    )
