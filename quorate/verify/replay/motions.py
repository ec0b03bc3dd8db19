"""What votes on members and on policies have in common: a ballot each, and a quorum from the charter."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from quorate.records.ballot import Ballot
from quorate.records.common import make
from quorate.verify.replay import keys
from quorate.verify.replay.count import count
from quorate.verify.replay.errors import require

if TYPE_CHECKING:
    from quorate.records.ballot import CastBallot, MotionState
    from quorate.records.common import Document
    from quorate.records.consortium import MemberProposal
    from quorate.records.policy import PolicyProposal
    from quorate.verify.replay.call import Call

Motion: TypeAlias = "MemberProposal | PolicyProposal"


def is_still(stated: int | None, version: int) -> bool:
    """Tell whether a proposal is about the version in force, and not about an earlier one of the same content.

    The first proposals that were ever written are silent about it, and of a silent one only the digest tells.
    """
    return stated in {None, version}


def cast(call: Call, about: str, asked: CastBallot, motion: Motion) -> dict[str, Document]:
    """Return what a vote on a proposal writes."""
    key = keys.ballot(about, asked.proposal, call.msp)
    require(asked.digest == motion.digest, "the vote is on another proposal than the one that stands under its name")
    require(call.world.get(Ballot, key) is None, f"{call.msp} has voted on {asked.proposal} before")
    require(motion.state == "PROPOSED", f"a vote came when the proposal was {motion.state}")
    require(call.time < motion.expires_time, "a vote came after the voting period")
    record = make(
        Ballot,
        about=about,
        proposal=asked.proposal,
        msp=call.msp,
        digest=asked.digest,
        choice=asked.choice,
        voted=call.stamp,
    )
    return {key: record}


def outcome(call: Call, about: str, motion: Motion, rule: str) -> tuple[MotionState, str]:
    """Return the state that the members' ballots lead to, and why."""
    if call.time >= motion.expires_time + call.skew():
        return "REJECTED", "expired"

    def ballot_of(msp: str) -> Ballot | None:
        return call.world.get(Ballot, keys.ballot(about, motion.proposal, msp))

    votes = count(call.charter(), rule, ballot_of)
    if votes.passed:
        return "ADOPTED", "voted"
    require(votes.failed, "a vote that was not decided was closed before its end")
    return "REJECTED", "rejected"


def ended(call: Call, state: MotionState, reason: str) -> dict[str, object]:
    """Return the fields of a proposal that a closed vote changes."""
    return {"state": state, "closed": call.closed(reason)}
