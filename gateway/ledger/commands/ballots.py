"""What votes on members and on policies look like on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.ledger.commands.views import moment, state_words
from quorate.cli.output import Column
from quorate.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quorate.records.ballot import Ballot
    from quorate.records.consortium import MemberProposal
    from quorate.records.policy import PolicyMotion

PROPOSAL_COLUMNS: Final = (
    Column(key="proposal", title="proposal"),
    Column(key="what", title="what"),
    Column(key="proposer", title="proposed by"),
    Column(key="state", title="state"),
    Column(key="for", title="for"),
    Column(key="against", title="against"),
    Column(key="until", title="vote until"),
    Column(key="digest", title="digest"),
)


def proposal_row(motion: MemberProposal | PolicyMotion, ballots: Iterable[Ballot], *, what: str) -> dict[str, object]:
    """Return a proposal and the votes on it as a line of a table."""
    cast = [ballot for ballot in ballots if ballot.proposal == motion.proposal]
    return {
        "proposal": motion.proposal,
        "what": what,
        "proposer": motion.proposed.msp,
        "state": state_words(motion.state, motion.closed),
        "for": ", ".join(ballot.msp for ballot in cast if ballot.choice == "approve"),
        "against": ", ".join(ballot.msp for ballot in cast if ballot.choice == "reject"),
        "until": moment(motion.expires_time),
        "digest": motion.digest,
    }


def require_read(proposal: str, digest: str, given: str | None, *, read: str) -> None:
    """Return when the caller names what the proposal says, by its digest.

    Raises
    ------
    StateError
        When not; nothing is then voted.
    """
    if given != digest:
        raise StateError(
            f"the proposal {proposal} has the digest {digest}" + ("" if given is None else f", not {given}"),
            hint=f"Read it ({read}), then repeat with --digest.",
        )
