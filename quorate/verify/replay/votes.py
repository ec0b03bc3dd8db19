"""Rules of contract `study` for votes: one organisation, one vote, and a quorum from the charter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.records.common import make
from quorate.records.study import AcceptRecord, Study, Tally, Vote, VoteRecord, WithdrawRecord
from quorate.verify.replay import keys, suspensions
from quorate.verify.replay.count import count
from quorate.verify.replay.errors import require
from quorate.verify.replay.rounds import closed
from quorate.verify.replay.studies import organisations
from quorate.verify.replay.terms import require_in_force

if TYPE_CHECKING:
    from quorate.records.common import Document
    from quorate.records.round import Round
    from quorate.verify.replay.call import Call
    from quorate.verify.replay.count import Count

_OPEN = ("PROPOSED", "APPROVED", "READY", "RUNNING", "SUSPENDED")
_ABORT_ROUND = "abort-round/"


def vote(call: Call) -> dict[str, Document]:
    """Return what `Vote` writes."""
    asked = call.asked(Vote)
    study = call.study(asked.study)
    key = keys.vote(asked.study, asked.version, asked.motion, call.msp)
    require(study.version == asked.version, f"the study is at version {study.version}, not {asked.version}")
    require(study.terms_digest == asked.terms_digest, "the vote is on other terms than the study's")
    require(call.world.get(VoteRecord, key) is None, f"{call.msp} has voted on {asked.motion} before")
    _require_votable(call, study, asked.motion)
    record = make(
        VoteRecord,
        study=asked.study,
        version=asked.version,
        msp=call.msp,
        terms_digest=asked.terms_digest,
        motion=asked.motion,
        choice=asked.choice,
        voted=call.stamp,
    )
    return {key: record}


def tally(call: Call) -> dict[str, Document]:
    """Return what `Tally` writes."""
    asked = call.asked(Tally)
    study = call.study(asked.study)
    if asked.motion == "approve":
        return _tally_approval(call, study)
    if asked.motion == "accept":
        return _tally_acceptance(call, study)
    if asked.motion == "abort":
        require(study.state in _OPEN, f"a study that is {study.state} was aborted")
        require(_count(call, study, "abort").passed, "too few members voted to abort the study")
        return _moved(call, study, "ABORTED", "voted")
    if asked.motion.startswith(suspensions.MOTION):
        suspensions.require_resumable(study, asked.motion)
        require(_count(call, study, asked.motion).passed, "too few members voted to resume the study")
        return suspensions.resume_by_vote(call, study)
    require(_count(call, study, asked.motion).passed, f"too few members voted for {asked.motion}")
    return closed(call, _disputed(call, study, asked.motion), "voted")


def _require_votable(call: Call, study: Study, motion: str) -> None:
    if motion == "approve":
        require(study.state == "PROPOSED", f"a vote came when the study was {study.state}")
        require(call.time < study.expires_time, "a vote came after the voting period")
        require_in_force(call, study.terms)
    elif motion == "abort":
        require(study.state in _OPEN, f"a vote to abort came when the study was {study.state}")
    elif motion.startswith(suspensions.MOTION):
        suspensions.require_resumable(study, motion)
    else:
        _disputed(call, study, motion)


def _disputed(call: Call, study: Study, motion: str) -> Round:
    return call.round(study.study, int(motion.removeprefix(_ABORT_ROUND)), "DISPUTED")


def _tally_approval(call: Call, study: Study) -> dict[str, Document]:
    require(study.state == "PROPOSED", f"a vote was counted when the study was {study.state}")
    votes = _count(call, study, "approve")
    if votes.passed:
        return _moved(call, study, "APPROVED", "")
    if votes.failed:
        return _moved(call, study, "REJECTED", "rejected")
    require(call.time >= study.expires_time + call.skew(), "a vote that was not decided was closed before its end")
    return _moved(call, study, "REJECTED", "expired")


def _tally_acceptance(call: Call, study: Study) -> dict[str, Document]:
    require(study.state == "APPROVED", f"acceptances were counted when the study was {study.state}")
    names = organisations(study)
    withdrawals = (keys.withdraw(study.study, study.version, msp) for msp in names)
    if any(call.world.get(WithdrawRecord, key) is not None for key in withdrawals):
        return _moved(call, study, "REJECTED", "withdrawn")
    for msp in names:
        call.world.need(AcceptRecord, keys.accept(study.study, study.version, msp))
    return _moved(call, study, "READY", "")


def _moved(call: Call, study: Study, state: str, reason: str) -> dict[str, Document]:
    changes: dict[str, object] = {"state": state}
    if reason:
        changes["closed"] = call.closed(reason)
    return {keys.study(study.study): study.model_copy(update=changes)}


def _count(call: Call, study: Study, motion: str) -> Count:
    def vote_of(msp: str) -> VoteRecord | None:
        return call.world.get(VoteRecord, keys.vote(study.study, study.version, motion, msp))

    charter = call.charter()
    return count(charter, charter.quorum.studies, vote_of)
