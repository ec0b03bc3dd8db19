"""Rules of contract `study`: from a proposal to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.policy.world import CONSORTIUM
from quorate.records.common import make
from quorate.records.round import Round
from quorate.records.study import (
    UNAPPROVED,
    Accept,
    AcceptRecord,
    Complete,
    Propose,
    Start,
    Study,
    Withdraw,
    WithdrawRecord,
)
from quorate.verify.replay import keys
from quorate.verify.replay.errors import require
from quorate.verify.replay.terms import require_terms

if TYPE_CHECKING:
    from quorate.records.common import Document
    from quorate.verify.replay.call import Call


def propose(call: Call) -> dict[str, Document]:
    """Return what `Propose` writes."""
    asked = call.asked(Propose)
    require(asked.study != CONSORTIUM, f"a study is called {CONSORTIUM}: by that name policies mean the trail of all")
    charter = call.charter()
    before = call.world.get(Study, keys.study(asked.study))
    if before is not None:
        require(before.proposer == call.msp, f"the study {asked.study} was proposed by {before.proposer}")
        require(before.state in UNAPPROVED, f"the terms of a study that is {before.state} were changed")
    require_terms(call, asked.terms)
    record = make(
        Study,
        study=asked.study,
        version=1 if before is None else before.version + 1,
        state="PROPOSED",
        proposer=call.msp,
        terms=asked.terms,
        terms_digest=asked.terms.digest,
        proposed=call.stamp,
        expires_time=call.time + charter.voting_period_ms,
    )
    return {keys.study(asked.study): record}


def accept(call: Call) -> dict[str, Document]:
    """Return what `Accept` writes."""
    asked = call.asked(Accept)
    study = _participating(call, asked.study, asked.version, "APPROVED")
    key = keys.withdraw(asked.study, asked.version, call.msp)
    require(asked.terms_digest == study.terms_digest, "other terms were accepted than those voted on")
    require(call.world.get(WithdrawRecord, key) is None, f"{call.msp} has withdrawn from the study")
    record = make(
        AcceptRecord,
        study=asked.study,
        version=asked.version,
        msp=call.msp,
        terms_digest=asked.terms_digest,
        accepted=call.stamp,
    )
    return {keys.accept(asked.study, asked.version, call.msp): record}


def withdraw(call: Call) -> dict[str, Document]:
    """Return what `Withdraw` writes."""
    asked = call.asked(Withdraw)
    _participating(call, asked.study, asked.version, "APPROVED", "READY", "RUNNING", "SUSPENDED")
    record = make(WithdrawRecord, study=asked.study, version=asked.version, msp=call.msp, withdrawn=call.stamp)
    return {keys.withdraw(asked.study, asked.version, call.msp): record}


def start(call: Call) -> dict[str, Document]:
    """Return what `Start` writes."""
    asked = call.asked(Start)
    study = call.study(asked.study)
    require(study.state == "READY", f"the study was {study.state} when it was started")
    return {keys.study(asked.study): study.model_copy(update={"state": "RUNNING", "started": call.stamp})}


def complete(call: Call) -> dict[str, Document]:
    """Return what `Complete` writes: the end of a study that has used up its rounds."""
    asked = call.asked(Complete)
    study = call.running(asked.study)
    last = call.world.need(Round, keys.round_(asked.study, study.terms.max_rounds))
    require(last.state in {"FINAL", "ABORTED"}, f"the last possible round is {last.state}")
    return completed(call, study, "rounds-used-up")


def completed(call: Call, study: Study, reason: str) -> dict[str, Document]:
    """Return a study that ends with all its rounds."""
    changes = {"state": "COMPLETED", "completed": call.stamp, "closed": call.closed(reason)}
    return {keys.study(study.study): study.model_copy(update=changes)}


def organisations(study: Study) -> list[str]:
    """Return the participants' organisations, once each, in order."""
    return sorted({participant.msp for participant in study.terms.participants})


def _participating(call: Call, name: str, version: int, *states: str) -> Study:
    study = call.study(name)
    require(call.msp in organisations(study), f"{call.msp} is no participant of study {name}")
    require(study.version == version, f"the study is at version {study.version}, not {version}")
    require(study.state in states, f"the study is {study.state}, and the step expects {' or '.join(states)}")
    return study
