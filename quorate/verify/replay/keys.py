"""The keys under which records stand, and to whom each belongs."""

from __future__ import annotations

from typing import Final

from quorate.blocks.rwset import composite_key, split_composite_key
from quorate.digest import Digest, hex_of
from quorate.verify.replay.errors import RuleError

_OWNER_AT: Final = {
    "founding": 1,
    "confirm": 2,
    "gateway": 1,
    "dataset": 1,
    "fingerprint": 1,
    "account": 1,
    "vote": 5,
    "accept": 3,
    "withdraw": 3,
    "reserve": 3,
    "decline": 3,
    "commit": 3,
    "attest": 4,
    "ballot": 3,
    "review": 1,
    "anchor": 1,
}
"""Where in an organisation's own keys its MSP id stands."""

_SHARED: Final = frozenset({"charter", "policy", "study", "round", "model", "proposal"})


def owner_of(key: str) -> str | None:
    """Return whose key it is, None when everybody's rules decide who writes it.

    Raises
    ------
    RuleError
        When no record stands under such a key.
    """
    kind, *_ = parts = split_composite_key(key)
    if kind in _SHARED:
        return None
    at = _OWNER_AT.get(kind)
    if at is None or at >= len(parts):
        raise RuleError(f"no record stands under the key {'~'.join(parts)[:200]}")
    return parts[at]


def readable(key: str) -> str:
    """Return a key for people."""
    return "~".join(split_composite_key(key))


def founding(proposer: str) -> str:
    """Return the key of a proposed charter."""
    return composite_key("founding", proposer)


def confirm(proposer: str, msp: str) -> str:
    """Return the key of an agreement to a proposed charter."""
    return composite_key("confirm", proposer, msp)


def charter() -> str:
    """Return the key of the charter."""
    return composite_key("charter")


def gateway(msp: str) -> str:
    """Return the key of a member's gateway."""
    return composite_key("gateway", msp)


def current_policy() -> str:
    """Return the key that names the policy in force."""
    return composite_key("policy", "current")


def policy(version: int) -> str:
    """Return the key of a version of the policies."""
    return composite_key("policy", "version", _number(version))


def dataset(msp: str, name: str) -> str:
    """Return the key of a data set."""
    return composite_key("dataset", msp, name)


def fingerprint(msp: str, digest: Digest) -> str:
    """Return the key of a data set's fingerprint."""
    return composite_key("fingerprint", msp, hex_of(digest))


def account(msp: str, name: str) -> str:
    """Return the key of a data set's privacy account."""
    return composite_key("account", msp, name)


def study(name: str) -> str:
    """Return the key of a study."""
    return composite_key("study", name)


def vote(name: str, version: int, motion: str, msp: str) -> str:
    """Return the key of a member's vote."""
    return composite_key("vote", "study", name, _number(version), motion, msp)


def accept(name: str, version: int, msp: str) -> str:
    """Return the key of a participant's acceptance."""
    return composite_key("accept", name, _number(version), msp)


def withdraw(name: str, version: int, msp: str) -> str:
    """Return the key of a participant's withdrawal."""
    return composite_key("withdraw", name, _number(version), msp)


def round_(name: str, number: int) -> str:
    """Return the key of a round."""
    return composite_key("round", name, _number(number))


def seat(kind: str, name: str, number: int, msp: str, data: str) -> str:
    """Return the key of what a participant says in a round: ``reserve``, ``decline`` or ``commit``."""
    return composite_key(kind, name, _number(number), msp, data)


def attest(name: str, number: int, attempt: int, msp: str) -> str:
    """Return the key of an attestation."""
    return composite_key("attest", name, _number(number), f"{attempt:02d}", msp)


def model(digest: Digest) -> str:
    """Return the key of a final model."""
    return composite_key("model", hex_of(digest))


def _number(number: int) -> str:
    return f"{number:06d}"


def member_proposal(proposal: str) -> str:
    """Return the key of a proposed change of the members."""
    return composite_key("proposal", "members", proposal)


def policy_proposal(proposal: str) -> str:
    """Return the key of a proposed policy set."""
    return composite_key("proposal", "policies", proposal)


def ballot(about: str, proposal: str, msp: str) -> str:
    """Return the key of a vote on a proposal."""
    return composite_key("ballot", about, proposal, msp)


def review(msp: str, name: str) -> str:
    """Return the key of an organisation's review."""
    return composite_key("review", msp, name)


def anchor(msp: str) -> str:
    """Return the key of an organisation's commitment to its access log."""
    return composite_key("anchor", msp)
