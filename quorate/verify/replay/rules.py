"""Which rule answers for which function."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from quorate.verify.replay import (
    budgets,
    consortium,
    datasets,
    members,
    models,
    participation,
    policies,
    quorum,
    rounds,
    studies,
    supervision,
    suspensions,
    votes,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from quorate.records.common import Document
    from quorate.verify.replay.call import Call

Rule: TypeAlias = "Callable[[Call], dict[str, Document]]"

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "consortium:Found": consortium.found,
        "consortium:Confirm": consortium.confirm,
        "consortium:Tally": members.charter_tally,
        "consortium:ProposeMember": members.propose_member,
        "consortium:ProposeRemoval": members.propose_removal,
        "consortium:Vote": members.vote,
        "consortium:Announce": consortium.announce,
        "policy:Propose": policies.propose,
        "policy:Vote": policies.vote,
        "policy:Tally": policies.tally,
        "dataset:Register": datasets.register,
        "dataset:Revise": datasets.revise,
        "dataset:Retire": datasets.retire,
        "study:Propose": studies.propose,
        "study:Vote": votes.vote,
        "study:Tally": votes.tally,
        "study:Accept": studies.accept,
        "study:Withdraw": studies.withdraw,
        "study:Start": studies.start,
        "study:Suspend": suspensions.suspend,
        "study:Resume": suspensions.resume,
        "study:Complete": studies.complete,
        "privacy:Reserve": budgets.reserve,
        "round:Open": rounds.open_,
        "round:Decline": participation.decline,
        "round:Commit": participation.commit,
        "round:Seal": rounds.seal,
        "round:Attest": quorum.attest,
        "round:Finalize": quorum.finalize,
        "round:Retry": quorum.retry,
        "round:Abort": rounds.abort,
        "model:Retire": models.retire,
        "audit:RecordReview": supervision.record_review,
        "audit:AnchorAccessLog": supervision.anchor_access_log,
    }
)
"""Every function that writes, by its name on the wire."""
