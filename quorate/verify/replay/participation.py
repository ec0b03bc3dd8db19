"""Rules of contract `round` for participants: decline and commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.records.common import make
from quorate.records.round import Commit, CommitRecord, Decline, DeclineRecord, leaf_of
from quorate.verify.replay.errors import require
from quorate.verify.replay.seats import Seat

if TYPE_CHECKING:
    from quorate.records.common import Document
    from quorate.verify.replay.call import Call


def decline(call: Call) -> dict[str, Document]:
    """Return what `Decline` writes."""
    asked = call.asked(Decline)
    seat = Seat.of(call, asked.study, asked.round, asked.dataset)
    seat.require_open(call)
    _require_first(call, seat)
    record = make(
        DeclineRecord,
        study=asked.study,
        round=asked.round,
        msp=call.msp,
        dataset=asked.dataset,
        reason=asked.reason,
        declined=call.stamp,
    )
    return {seat.key("decline"): record}


def commit(call: Call) -> dict[str, Document]:
    """Return what `Commit` writes."""
    asked = call.asked(Commit)
    seat = Seat.of(call, asked.study, asked.round, asked.dataset)
    call.running(asked.study)
    round_ = call.round(asked.study, asked.round, "OPEN", "SEALED")
    require(asked.base == round_.base, f"the round's base is {round_.base}, and the commit names {asked.base}")
    seat.require_taking_part(call)
    seat.require_charged(call)
    _require_first(call, seat)
    late = round_.state != "OPEN" or call.time > round_.commit_by
    leaf = leaf_of(
        study=asked.study,
        round_=asked.round,
        msp=call.msp,
        dataset=asked.dataset,
        base=asked.base,
        update=asked.update,
    )
    record = make(
        CommitRecord,
        study=asked.study,
        round=asked.round,
        msp=call.msp,
        dataset=asked.dataset,
        base=asked.base,
        update=asked.update,
        status="LATE" if late else "ON_TIME",
        leaf=leaf.hex(),
        committed=call.stamp,
    )
    return {seat.key("commit"): record}


def _require_first(call: Call, seat: Seat) -> None:
    require(call.world.get(CommitRecord, seat.key("commit")) is None, f"{seat.dataset} has committed already")
    require(call.world.get(DeclineRecord, seat.key("decline")) is None, f"{seat.dataset} has declined already")
