"""Rules of contract `round`: open, seal, abort."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate import merkle
from quorate.records.common import make
from quorate.records.round import Abort, Open, Round, Seal
from quorate.verify.replay import keys
from quorate.verify.replay.errors import require
from quorate.verify.replay.seats import divide

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.digest import Digest
    from quorate.records.common import Document
    from quorate.records.round import LeftOut
    from quorate.records.study import Study
    from quorate.verify.replay.call import Call


def open_(call: Call) -> dict[str, Document]:
    """Return what `Open` writes."""
    asked = call.asked(Open)
    study = call.running(asked.study)
    key = keys.round_(asked.study, asked.round)
    require(call.world.get(Round, key) is None, f"round {asked.round} was opened before")
    require(asked.round <= study.terms.max_rounds, f"the study may open {study.terms.max_rounds} rounds")
    base, finals = _base(call, study, asked.round)
    record = make(
        Round,
        study=asked.study,
        round=asked.round,
        state="OPEN",
        base=base,
        commit_by=call.time + study.terms.commit_timeout_ms,
        attesters=study.terms.attesters,
        m=study.terms.m,
        finals_before=finals,
        opened=call.stamp,
        attempt=0,
        included=[],
        left_out=[],
        excluded=[],
        attested_by=[],
    )
    return {key: record}


def seal(call: Call) -> dict[str, Document]:
    """Return what `Seal` writes: which updates are in, under which root, and why the others are not."""
    asked = call.asked(Seal)
    study = call.running(asked.study)
    round_ = call.round(asked.study, asked.round, "OPEN")
    included, left_out = divide(call, study, round_)
    _require_over(call, round_, left_out)
    require(
        len(included) >= study.terms.minimum_commits,
        f"{len(included)} updates are included, fewer than the {study.terms.minimum_commits} needed",
    )
    root = merkle.root([bytes.fromhex(update.leaf) for update in included])
    changes = {
        "state": "SEALED",
        "sealed": call.stamp,
        "included": included,
        "left_out": left_out,
        "root": root.hex(),
        "attempt": 1,
        "attempt_time": call.time,
        "attest_by": call.time + study.terms.attest_timeout_ms,
    }
    return {keys.round_(asked.study, asked.round): round_.model_copy(update=changes)}


def abort(call: Call) -> dict[str, Document]:
    """Return what `Abort` writes."""
    asked = call.asked(Abort)
    study = call.study(asked.study)
    require(study.state != "SUSPENDED", "a round of a suspended study was aborted")
    round_ = call.round(asked.study, asked.round, "OPEN")
    included, left_out = divide(call, study, round_)
    require(len(included) < study.terms.minimum_commits, f"{len(included)} updates were enough to seal")
    _require_over(call, round_, left_out)
    return closed(call, round_.model_copy(update={"left_out": left_out}), "too-few-commits")


def closed(call: Call, round_: Round, reason: str) -> dict[str, Document]:
    """Return a round that ends without a model."""
    changes = {"state": "ABORTED", "closed": call.closed(reason)}
    return {keys.round_(round_.study, round_.round): round_.model_copy(update=changes)}


def _base(call: Call, study: Study, number: int) -> tuple[Digest, int]:
    if number == 1:
        return study.terms.model.initial, 0
    previous = call.round(study.study, number - 1, "FINAL", "ABORTED")
    if previous.state == "FINAL" and previous.model is not None:
        return previous.model, previous.finals_before + 1
    return previous.base, previous.finals_before


def _require_over(call: Call, round_: Round, left_out: Sequence[LeftOut]) -> None:
    waiting = [participant for participant in left_out if participant.reason == "missing"]
    until = round_.commit_by + call.skew()
    require(
        not waiting or call.time >= until,
        f"the round was closed at {call.time}, before {until}, while {len(waiting)} participants had said nothing",
    )
