"""Rules of contract `round` for attesters: attest, finalize, retry."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from quorate.digest import parse_digest
from quorate.records.common import make
from quorate.records.model import Model, Update
from quorate.records.round import Attest, Attestation, Finalize, Retry, Round
from quorate.verify.replay import keys
from quorate.verify.replay.errors import require
from quorate.verify.replay.rounds import closed
from quorate.verify.replay.studies import completed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.records.common import Document
    from quorate.records.round import Exclusion
    from quorate.records.study import Study
    from quorate.verify.replay.call import Call

_MAX_ATTEMPTS = 3


def attest(call: Call) -> dict[str, Document]:
    """Return what `Attest` writes."""
    asked = call.asked(Attest)
    study = call.running(asked.study)
    round_ = call.round(asked.study, asked.round, "SEALED")
    key = keys.attest(asked.study, asked.round, asked.attempt, call.msp)
    require(call.msp in round_.attesters, f"{call.msp} is no attester of the round")
    require(asked.attempt == round_.attempt, f"the round is in attempt {round_.attempt}, not {asked.attempt}")
    require(call.world.get(Attestation, key) is None, f"{call.msp} has attested in this attempt before")
    _require_excluded(call, study, round_, asked)
    record = make(
        Attestation,
        study=asked.study,
        round=asked.round,
        attempt=asked.attempt,
        msp=call.msp,
        model=asked.model,
        excluded=asked.excluded,
        possession=asked.possession,
        attested=call.stamp,
    )
    return {key: record}


def finalize(call: Call) -> dict[str, Document]:
    """Return what `Finalize` writes: the model that m attesters, each once, found equal."""
    asked = call.asked(Finalize)
    study = call.running(asked.study)
    round_ = call.round(asked.study, asked.round, "SEALED")
    equal = _quorum(round_, _attestations(call, round_))
    require(bool(equal), f"no {round_.m} attestations of attempt {round_.attempt} are equal")
    first = equal[0]
    key = keys.round_(asked.study, asked.round)
    if _is_taken(call, first.model, key):
        return {key: round_.model_copy(update={"state": "DISPUTED"})}
    changes = {"excluded": first.excluded, "attested_by": [found.msp for found in equal]}
    if not first.model:
        return closed(call, round_.model_copy(update=changes), "too-few-valid")
    final = round_.model_copy(update={**changes, "model": first.model, "state": "FINAL", "finalized": call.stamp})
    return {key: final, **_finish(call, study, final)}


def retry(call: Call) -> dict[str, Document]:
    """Return what `Retry` writes: the next attempt, or after the last one a dispute."""
    asked = call.asked(Retry)
    study = call.running(asked.study)
    round_ = call.round(asked.study, asked.round, "SEALED")
    attestations = _attestations(call, round_)
    require(asked.attempt == round_.attempt, f"the round is in attempt {round_.attempt}, not {asked.attempt}")
    require(not _quorum(round_, attestations), "a quorum had attested, so there was nothing to retry")
    require(
        len(attestations) == len(_attesters(call, round_)) or call.time >= (round_.attest_by or 0),
        "the attempt was ended before its time while attesters had said nothing",
    )
    changes: dict[str, object] = {"state": "DISPUTED"}
    if round_.attempt < _MAX_ATTEMPTS:
        end = call.time + study.terms.attest_timeout_ms
        changes = {"attempt": round_.attempt + 1, "attempt_time": call.time, "attest_by": end}
    return {keys.round_(asked.study, asked.round): round_.model_copy(update=changes)}


def _require_excluded(call: Call, study: Study, round_: Round, asked: Attest) -> None:
    places = [(excluded.msp, excluded.dataset) for excluded in asked.excluded]
    require(all(one < other for one, other in pairwise(places)), "excluded is not in ascending order, once each")
    known = {(update.msp, update.dataset) for update in round_.included}
    require(known.issuperset(places), "excluded names an update that the round does not include")
    enough = len(known) - len(places) >= study.terms.minimum_commits
    require(enough == bool(asked.model), "a model is attested when enough updates are left, and only then")
    half = (round_.attempt_time or 0) + (study.terms.attest_timeout_ms + 1) // 2
    early = call.time < half and any(excluded.reason == "unavailable" for excluded in asked.excluded)
    require(not early, f"an update was called unavailable at {call.time}, before {half}")


def _attesters(call: Call, round_: Round) -> list[str]:
    members = {member.msp for member in call.charter().members}
    return [msp for msp in round_.attesters if msp in members]


def _attestations(call: Call, round_: Round) -> list[Attestation]:
    """Return what members among the attesters said in the present attempt; each has one key, and so one voice."""
    found = (
        call.world.get(Attestation, keys.attest(round_.study, round_.round, round_.attempt, msp))
        for msp in _attesters(call, round_)
    )
    return [attestation for attestation in found if attestation is not None]


def _quorum(round_: Round, attestations: Sequence[Attestation]) -> list[Attestation]:
    for first in attestations:
        equal = [found for found in attestations if _said(found) == _said(first)]
        if len(equal) >= round_.m:
            return equal
    return []


def _said(attestation: Attestation) -> tuple[str, list[Exclusion]]:
    return attestation.model, attestation.excluded


def _is_taken(call: Call, model: str, key: str) -> bool:
    """Tell whether a model is another round's already, which leaves this round to a vote."""
    if not model:
        return False
    if call.world.get(Model, keys.model(parse_digest(model))) is not None:
        return True
    # Without the other studies' blocks, what was written is the only word on it.
    return not call.whole and Round.parse(call.written.get(key, b"")).state == "DISPUTED"


def _finish(call: Call, study: Study, final: Round) -> dict[str, Document]:
    record = _model(call, study, final)
    writes: dict[str, Document] = {keys.model(record.digest): record}
    if final.finals_before + 1 >= study.terms.rounds:
        writes.update(completed(call, study, "rounds-final"))
    return writes


def _model(call: Call, study: Study, final: Round) -> Model:
    excluded = {(found.msp, found.dataset) for found in final.excluded}
    return make(
        Model,
        digest=final.model,
        study=final.study,
        round=final.round,
        base=final.base,
        terms_digest=study.terms_digest,
        plan=study.terms.plan,
        policy_version=study.terms.policy_version,
        updates=[
            Update(msp=found.msp, dataset=found.dataset, update=found.update, weight=found.weight)
            for found in final.included
            if (found.msp, found.dataset) not in excluded
        ],
        excluded=final.excluded,
        attested_by=final.attested_by,
        state="FINAL",
        finalized=call.stamp,
    )
