"""Rules of contract `study` for stopping: any party does so alone, and a quorum, or that party, starts again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.records.round import Round
from quorate.records.study import Resume, Study, Suspend, SuspendedBy, Suspension
from quorate.verify.replay import keys
from quorate.verify.replay.errors import RuleError, require
from quorate.verify.replay.studies import organisations

if TYPE_CHECKING:
    from collections.abc import Collection

    from quorate.records.common import Closed, Document
    from quorate.verify.replay.call import Call

MOTION: Final = "resume/"
"""What a vote to resume begins with; the number of the last suspension follows."""

_MAX_TIMES: Final = 3


def suspend(call: Call) -> dict[str, Document]:
    """Return what `Suspend` writes."""
    asked = call.asked(Suspend)
    study = call.study(asked.study)
    before = _by(study)
    own = before.get(call.msp)
    parties = {*organisations(study), *study.terms.attesters}
    require(call.msp in parties, f"{call.msp} is neither a participant nor an attester of study {asked.study}")
    require(study.state in {"RUNNING", "SUSPENDED"}, f"a study that is {study.state} was suspended")
    require(own is None or own.lifted is not None, f"{call.msp} has suspended the study before")
    times = 1 if own is None else own.times + 1
    require(times <= _MAX_TIMES, f"{call.msp} has suspended the study {_MAX_TIMES} times before")
    _require_last(call, asked)
    number = 1 if study.suspension is None else study.suspension.number + 1
    new = SuspendedBy(msp=call.stamp.msp, times=times, number=number, reason=asked.reason, suspended=call.stamp)
    now = Suspension(number=number, round=asked.round, by=list({**before, new.msp: new}.values()))
    return {keys.study(asked.study): study.model_copy(update={"state": "SUSPENDED", "suspension": now})}


def resume(call: Call) -> dict[str, Document]:
    """Return what `Resume` writes: a suspension less, and with the last one a study that goes on."""
    asked = call.asked(Resume)
    study = call.study(asked.study)
    require(study.state == "SUSPENDED", f"a study that is {study.state} was resumed")
    standing = {(by.msp, by.number) for by in study.standing}
    require((call.msp, asked.number) in standing, f"no suspension {asked.number} by {call.msp} stands")
    lifted = _lifted(study, call.closed("withdrawn"), {call.msp})
    return {keys.study(asked.study): lifted} if lifted.standing else _running(call, lifted)


def resume_by_vote(call: Call, study: Study) -> dict[str, Document]:
    """Return what a passed vote to resume writes: nothing stands any more."""
    return _running(call, _lifted(study, call.closed("voted"), {by.msp for by in study.standing}))


def require_resumable(study: Study, motion: str) -> None:
    """Return when a motion is about the last suspension of a study that is stopped."""
    require(study.state == "SUSPENDED", f"a motion to resume came when the study was {study.state}")
    last = _suspension(study).number
    require(motion == f"{MOTION}{last}", f"the motion {motion} came after suspension {last}")


def _by(study: Study) -> dict[str, SuspendedBy]:
    return {} if study.suspension is None else {by.msp: by for by in study.suspension.by}


def _require_last(call: Call, asked: Suspend) -> None:
    if asked.round:
        call.round(asked.study, asked.round)
    after = call.world.get(Round, keys.round_(asked.study, asked.round + 1))
    require(after is None, f"round {asked.round + 1} was opened, and the suspension names round {asked.round}")


def _lifted(study: Study, end: Closed, by: Collection[str]) -> Study:
    """Return the study without the suspensions by these organisations, which stand."""
    now = _suspension(study)
    all_ = [found.model_copy(update={"lifted": end}) if found.msp in by else found for found in now.by]
    return study.model_copy(update={"suspension": now.model_copy(update={"by": all_})})


def _suspension(study: Study) -> Suspension:
    if study.suspension is None:
        raise RuleError("the study was never suspended")
    return study.suspension


def _running(call: Call, study: Study) -> dict[str, Document]:
    """Return a study that goes on, and its round with the whole time again."""
    writes: dict[str, Document] = {keys.study(study.study): study.model_copy(update={"state": "RUNNING"})}
    number = _suspension(study).round
    if number:
        round_ = call.round(study.study, number)
        changes = _prolonged(call, study, round_)
        if changes:
            writes[keys.round_(study.study, number)] = round_.model_copy(update=changes)
    return writes


def _prolonged(call: Call, study: Study, round_: Round) -> dict[str, object]:
    if round_.state == "OPEN":
        return {"commit_by": max(round_.commit_by, call.time + study.terms.commit_timeout_ms)}
    if round_.state == "SEALED":
        return {
            "attempt_time": max(round_.attempt_time or 0, call.time),
            "attest_by": max(round_.attest_by or 0, call.time + study.terms.attest_timeout_ms),
        }
    return {}
