"""What votes on members and on policies look like on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from gateway.ledger.commands.views import moment
from quorate.cli.output import Column
from quorate.errors import StateError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from quorate.records.ballot import Ballot
    from quorate.records.common import Closed

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


def proposal_row(
    *,
    proposal: str,
    what: str,
    proposer: str,
    state: str,
    closed: Closed | None,
    expires: int,
    digest: str,
    ballots: Iterable[Ballot],
) -> dict[str, object]:
    """Return a proposal and the votes on it as a line of a table."""
    cast = [ballot for ballot in ballots if ballot.proposal == proposal]
    return {
        "proposal": proposal,
        "what": what,
        "proposer": proposer,
        "state": state if closed is None else f"{state} ({closed.reason})",
        "for": ", ".join(ballot.msp for ballot in cast if ballot.choice == "approve"),
        "against": ", ".join(ballot.msp for ballot in cast if ballot.choice == "reject"),
        "until": moment(expires),
        "digest": digest,
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
