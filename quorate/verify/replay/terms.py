"""What a study's terms must be for a vote on them to count."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from quorate.aggregation import require_no_overflow
from quorate.records.dataset import Dataset
from quorate.records.policy import CurrentPolicy
from quorate.tensors import Schema
from quorate.verify.replay import keys
from quorate.verify.replay.errors import require

if TYPE_CHECKING:
    from collections.abc import Sequence

    from quorate.records.study import Participant, Terms
    from quorate.verify.replay.call import Call


def require_terms(call: Call, terms: Terms) -> None:
    """Return when the terms keep a quorum above half, the sums within bounds, and capped data charged.

    Raises
    ------
    CheckFailedError, UsageError
        When they do not, or name a model that no file can hold.
    """
    members = {member.msp for member in call.charter().members}
    seats = [(participant.msp, participant.dataset) for participant in terms.participants]
    require(_ascending(seats), "the participants are not in ascending order, once each")
    require(_ascending([(msp,) for msp in terms.attesters]), "the attesters are not in ascending order, once each")
    require(members.issuperset(terms.attesters), "an attester is not a member")
    count = len(terms.attesters)
    require(terms.m <= count < 2 * terms.m, f"m is {terms.m} of {count} attesters: not more than half and at most all")
    require(terms.rounds <= terms.max_rounds, "fewer rounds may be opened than are wanted")
    require(terms.minimum_commits <= len(seats), "more commits are needed than there are participants")
    require(terms.commit_timeout_ms >= 4 * call.skew(), "the commit time-out is shorter than four times the clock skew")
    least = 3 * call.skew()
    require(terms.attest_timeout_ms >= least, "the attest time-out is shorter than three times the clock skew")
    require_in_force(call, terms)
    heaviest = max(participant.weight for participant in terms.participants)
    Schema.from_json([tensor.model_dump() for tensor in terms.model.tensors])
    require_no_overflow(members=len(seats), largest_weight=heaviest, bound=terms.bound)
    for participant in terms.participants:
        _require_participant(call, terms, participant)


def require_in_force(call: Call, terms: Terms) -> None:
    """Return when the terms name the policies in force: a vote is about what members see then.

    Raises
    ------
    CheckFailedError
        When they name others.
    """
    version = call.world.need(CurrentPolicy, keys.current_policy()).version
    require(terms.policy_version == version, f"the terms name policy version {terms.policy_version}, not {version}")


def _require_participant(call: Call, terms: Terms, participant: Participant) -> None:
    name = f"{participant.dataset} of {participant.msp}"
    dataset = call.world.need(Dataset, keys.dataset(participant.msp, participant.dataset))
    require(dataset.state == "ACTIVE", f"the data set {name} is {dataset.state}")
    require((dataset.unit, dataset.adjacency) == (terms.unit, terms.adjacency), f"{name} has another unit or adjacency")
    require(terms.purpose in dataset.purposes, f"{name} is not for {terms.purpose}")
    private = terms.privacy.mechanism != "none"
    require(private or dataset.cap is None, f"{name} has a cap, and rounds are not charged")
    require(not private or dataset.cap is not None, f"{name} has no cap that rounds could be charged to")


def _ascending(values: Sequence[tuple[str, ...]]) -> bool:
    return all(one < other for one, other in pairwise(values))
