"""Rules of contract `policy`: the policy set changes by vote only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.digest import digest_of
from quorate.records.common import make
from quorate.records.policy import CurrentPolicy, Policy, PolicyProposal, Propose, Tally, Vote
from quorate.verify.replay import keys, motions
from quorate.verify.replay.errors import require

if TYPE_CHECKING:
    from quorate.records.common import Document
    from quorate.verify.replay.call import Call

_ABOUT = "policies"


def propose(call: Call) -> dict[str, Document]:
    """Return what `Propose` writes."""
    asked, charter, current = call.asked(Propose), call.charter(), _in_force(call)
    key, digest = keys.policy_proposal(asked.proposal), digest_of(asked.text.encode())
    require(call.world.get(PolicyProposal, key) is None, f"the proposal {asked.proposal} was made before")
    require(asked.base == current.digest, "a policy set was proposed in place of one that was not in force")
    require(digest != asked.base, "the policy set in force was proposed in its own place")
    written = call.wrote(PolicyProposal, key)
    record = make(
        PolicyProposal,
        proposal=asked.proposal,
        title=asked.title,
        base=asked.base,
        base_version=None if written is not None and written.base_version is None else current.version,
        digest=digest,
        text=asked.text,
        state="PROPOSED",
        proposed=call.stamp,
        expires_time=call.time + charter.voting_period_ms,
    )
    return {key: record}


def vote(call: Call) -> dict[str, Document]:
    """Return what `Vote` writes."""
    asked = call.asked(Vote)
    proposal = call.world.need(PolicyProposal, keys.policy_proposal(asked.proposal))
    require(_is_for(proposal, _in_force(call)), "a vote is about another policy set than the one in force")
    return motions.cast(call, _ABOUT, asked, proposal)


def tally(call: Call) -> dict[str, Document]:
    """Return what `Tally` writes: the closed proposal, and the policy set when it is adopted."""
    key = keys.policy_proposal(call.asked(Tally).proposal)
    proposal, current = call.world.need(PolicyProposal, key), _in_force(call)
    require(proposal.state == "PROPOSED", f"a vote was counted when the proposal was {proposal.state}")
    if not _is_for(proposal, current):
        return {key: proposal.model_copy(update=motions.ended(call, "REJECTED", "superseded"))}
    state, reason = motions.outcome(call, _ABOUT, proposal, call.charter().quorum.policies)
    closed = proposal.model_copy(update=motions.ended(call, state, reason))
    if state == "REJECTED":
        return {key: closed}
    version = current.version + 1
    policy = make(
        Policy,
        version=version,
        digest=proposal.digest,
        text=proposal.text,
        in_force=call.stamp,
        proposal=proposal.proposal,
    )
    return {
        key: closed.model_copy(update={"version": version}),
        keys.policy(version): policy,
        keys.current_policy(): make(CurrentPolicy, version=version, digest=proposal.digest),
    }


def _is_for(proposal: PolicyProposal, current: CurrentPolicy) -> bool:
    """Tell whether a proposal changes the policy set in force, and not an earlier one of the same text."""
    return proposal.base == current.digest and motions.is_still(proposal.base_version, current.version)


def _in_force(call: Call) -> CurrentPolicy:
    return call.world.need(CurrentPolicy, keys.current_policy())
