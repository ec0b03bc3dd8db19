"""Rules of contract `consortium`: how a charter comes about."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from quorate import canonical
from quorate.digest import Digest, digest_of
from quorate.records import consortium as records
from quorate.records.common import make
from quorate.records.policy import CurrentPolicy, Policy
from quorate.verify.replay import keys
from quorate.verify.replay.errors import require

if TYPE_CHECKING:
    from quorate.records.common import Document
    from quorate.verify.replay.call import Call

_TERMS = ("title", "members", "quorum", "clock_skew_ms", "voting_period_ms")


def found(call: Call) -> dict[str, Document]:
    """Return what `Found` writes."""
    asked = call.asked(records.Found)
    names = [member.msp for member in asked.members]
    require(call.world.get(records.Charter, keys.charter()) is None, "a charter is active already")
    require(all(one < other for one, other in pairwise(names)), "the members are not in ascending order, once each")
    require(call.msp in names, f"the proposer {call.msp} is not among the members")
    terms = {name: getattr(asked, name) for name in _TERMS}
    record = make(
        records.Founding, **terms, proposer=call.msp, charter_digest=charter_digest(asked), proposed=call.stamp
    )
    return {keys.founding(call.msp): record}


def confirm(call: Call) -> dict[str, Document]:
    """Return what `Confirm` writes."""
    asked = call.asked(records.Confirm)
    founding = call.world.need(records.Founding, keys.founding(asked.proposer))
    require(call.world.get(records.Charter, keys.charter()) is None, "a charter is active already")
    require(call.msp in {member.msp for member in founding.members}, f"{call.msp} is not among the proposed members")
    require(founding.charter_digest == asked.charter_digest, "another charter is proposed than the one confirmed")
    record = make(
        records.Confirmation,
        proposer=asked.proposer,
        msp=call.msp,
        charter_digest=asked.charter_digest,
        confirmed=call.stamp,
    )
    return {keys.confirm(asked.proposer, call.msp): record}


def tally(call: Call) -> dict[str, Document]:
    """Return what `Tally` of a founding writes: the charter, once all have confirmed it, and the first policies."""
    proposer = call.asked(records.Tally).proposer or ""
    founding = call.world.need(records.Founding, keys.founding(proposer))
    require(call.world.get(records.Charter, keys.charter()) is None, "a charter is active already")
    require(call.msp in {member.msp for member in founding.members}, f"{call.msp} is not among the proposed members")
    for member in founding.members:
        confirmation = call.world.need(records.Confirmation, keys.confirm(proposer, member.msp))
        require(confirmation.charter_digest == founding.charter_digest, f"{member.msp} has confirmed another charter")
    terms = {name: getattr(founding, name) for name in _TERMS}
    charter = make(
        records.Charter,
        **terms,
        charter_digest=founding.charter_digest,
        proposer=founding.proposer,
        activated=call.stamp,
    )
    text = _policy_text(call)
    policy = make(Policy, version=1, digest=digest_of(text.encode()), text=text, in_force=call.stamp)
    current = make(CurrentPolicy, version=1, digest=policy.digest)
    return {keys.charter(): charter, keys.policy(1): policy, keys.current_policy(): current}


def announce(call: Call) -> dict[str, Document]:
    """Return what `Announce` writes."""
    asked = call.asked(records.Announce)
    record = make(
        records.GatewayRecord, msp=call.msp, address=asked.address, tls_root=asked.tls_root, announced=call.stamp
    )
    return {keys.gateway(call.msp): record}


def charter_digest(terms: records.Found | records.Founding | records.Charter) -> Digest:
    """Return the digest that confirmations name."""
    content = terms.as_json()
    return digest_of(canonical.dumps({name: content[name] for name in _TERMS}))


def _policy_text(call: Call) -> str:
    """Return the first policies: the chaincode carries them, and no earlier record does."""
    require(keys.policy(1) in call.written, "the charter comes without policies")
    return Policy.parse(call.written[keys.policy(1)]).text
