"""Rules of contract `consortium` for votes on members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate import canonical
from quorate.digest import digest_of
from quorate.records.common import make
from quorate.records.consortium import (
    Amendment,
    Charter,
    Member,
    MemberProposal,
    ProposeMember,
    ProposeRemoval,
    Tally,
    Vote,
)
from quorate.verify.replay import consortium, keys, motions
from quorate.verify.replay.errors import RuleError, require

if TYPE_CHECKING:
    from quorate.records.common import Document
    from quorate.verify.replay.call import Call

_ABOUT = "members"
_FEWEST, _MOST = 2, 64
_CHANGE = ("change", "msp", "fingerprint_key", "charter_digest")


def propose_member(call: Call) -> dict[str, Document]:
    """Return what `ProposeMember` writes."""
    asked = call.asked(ProposeMember)
    known = {member.msp for member in call.charter().members}
    change = "rekey" if asked.member.msp in known else "admit"
    return _propose(call, asked.proposal, change, asked.member.msp, asked.member.fingerprint_key)


def propose_removal(call: Call) -> dict[str, Document]:
    """Return what `ProposeRemoval` writes."""
    asked = call.asked(ProposeRemoval)
    return _propose(call, asked.proposal, "remove", asked.msp, None)


def vote(call: Call) -> dict[str, Document]:
    """Return what `Vote` writes."""
    asked = call.asked(Vote)
    proposal = call.world.need(MemberProposal, keys.member_proposal(asked.proposal))
    require(_is_for(proposal, call.charter()), "a vote is about another charter than the one in force")
    return motions.cast(call, _ABOUT, asked, proposal)


def charter_tally(call: Call) -> dict[str, Document]:
    """Return what `Tally` writes: of a founding, or of a vote on members."""
    return _tally(call) if call.asked(Tally).motion == "members" else consortium.tally(call)


def _tally(call: Call) -> dict[str, Document]:
    """Return the closed proposal, and the charter when it is adopted."""
    key = keys.member_proposal(call.asked(Tally).proposal or "")
    proposal, charter = call.world.need(MemberProposal, key), call.charter()
    require(proposal.state == "PROPOSED", f"a vote was counted when the proposal was {proposal.state}")
    if not _is_for(proposal, charter):
        return {key: proposal.model_copy(update=motions.ended(call, "REJECTED", "superseded"))}
    state, reason = motions.outcome(call, _ABOUT, proposal, charter.quorum.members)
    writes: dict[str, Document] = {key: proposal.model_copy(update=motions.ended(call, state, reason))}
    if state == "ADOPTED":
        writes[keys.charter()] = _amended(call, charter, proposal)
    return writes


def _propose(call: Call, name: str, change: str, msp: str, fingerprint_key: str | None) -> dict[str, Document]:
    key, charter = keys.member_proposal(name), call.charter()
    require(call.world.get(MemberProposal, key) is None, f"the proposal {name} was made before")
    content = {"change": change, "msp": msp, "charter_digest": charter.charter_digest}
    if fingerprint_key is not None:
        content["fingerprint_key"] = fingerprint_key
    written = call.wrote(MemberProposal, key)
    record = make(
        MemberProposal,
        proposal=name,
        **content,
        charter_version=None if written is not None and written.charter_version is None else charter.version,
        digest=digest_of(canonical.dumps(dict(content))),
        state="PROPOSED",
        proposed=call.stamp,
        expires_time=call.time + charter.voting_period_ms,
    )
    _changed(charter, record)
    return {key: record}


def _is_for(proposal: MemberProposal, charter: Charter) -> bool:
    """Tell whether a proposal changes the charter in force, and not an earlier one of the same content."""
    digest, version = charter.charter_digest, charter.version
    return proposal.charter_digest == digest and motions.is_still(proposal.charter_version, version)


def _amended(call: Call, charter: Charter, proposal: MemberProposal) -> Charter:
    changed = charter.model_copy(
        update={
            "members": _changed(charter, proposal),
            "amended": Amendment(number=charter.version, proposal=proposal.proposal, stamp=call.stamp),
        }
    )
    return changed.model_copy(update={"charter_digest": consortium.charter_digest(changed)})


def _changed(charter: Charter, proposal: MemberProposal) -> list[Member]:
    """Return the members with a change, in ascending order."""
    members = {member.msp: member for member in charter.members}
    there = members.get(proposal.msp)
    if proposal.change == "remove":
        require(there is not None, f"{proposal.msp}, whose removal was proposed, is not a member")
        require(len(members) > _FEWEST, "so few members would be left as no charter may have")
        del members[proposal.msp]
    else:
        if proposal.fingerprint_key is None:
            raise RuleError("a member without a fingerprint key was proposed")
        entry = Member(msp=proposal.msp, fingerprint_key=proposal.fingerprint_key)
        require(there != entry, f"{proposal.msp} was proposed as what it is")
        require(there is not None or len(members) < _MOST, "more members were proposed than a charter may have")
        members[proposal.msp] = entry
    return [members[msp] for msp in sorted(members)]
