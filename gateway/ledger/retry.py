"""When a new proposal may be made, and how often.

Only of a transaction that has certainly changed nothing: it was not endorsed, or it is in a block and not valid. One
that is under way is under way for as long as anybody holds its envelope, and is sent again by `gateway.fabric` itself.
Every function of the chaincode reads something of what it writes, so should a caller ask for the same anew after all,
one of the two transactions changes nothing; a new proposal is useful only where the failure speaks of a moment and not
of the request.
"""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.fabric.errors import CommitError, EndorseError, GatewayError
from gateway.fabric.refusal import chaincode_refusal
from quorate.blocks.codes import TxValidationCode

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMITS_WITHIN: Final = 20.0
"""Seconds for which a transaction is sent again before its caller looks at the ledger anew.

Long enough for an ordering service to elect another leader, with Fabric's own settings too.
"""

_CONFLICTS: Final = frozenset({TxValidationCode.MVCC_READ_CONFLICT, TxValidationCode.PHANTOM_READ_CONFLICT})
_MISMATCH: Final = "ProposalResponsePayloads do not match"
_OLD: Final = "the transaction's timestamp is "  # whereas the time of a vote or of a round that is over stays over
_STALE: Final = frozenset({"NOT_FOUND"})
_SETTLING: Final = frozenset({"NOT_FOUND", "INVALID_STATE"})


class Cause(enum.Enum):
    """Why a new proposal might succeed."""

    CONFLICT = "what the transaction read had changed before it was committed"
    MISMATCH = "the endorsing organisations had not all seen the same blocks"
    STALE = "an endorsing organisation had not yet seen what the call is about"
    OLD = "a busy machine, or a ledger that stood still, took longer with the proposal than clocks may differ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Bounds of new proposals, in number and in seconds.

    `conflicts` are those after a conflict; `stale` those after an answer that a peer gives for want of a block, or for
    good. `lagging` are those where it can only be for want of a block: enough for a peer that is two seconds behind.
    `old` are those after a time that an endorser found too far from its own: few, for its clock or the caller's may be
    wrong.

    `settling` says that the caller has just seen the state its call needs (an event, another's record): an endorser
    that answers with an earlier state is then behind, and not right.
    """

    conflicts: int = 12
    stale: int = 6
    lagging: int = 9
    old: int = 6
    seconds: float = 20.0
    settling: bool = False

    def pauses(self, cause: Cause) -> Iterator[float]:
        """Yield the pause before each further proposal, in seconds, with jitter."""
        for attempt in range(self._tries(cause)):
            ceiling = min(0.02 * 2**attempt, 1.0)
            # Jitter keeps two members that conflicted from meeting again; it protects nothing.
            yield ceiling * (0.5 + random.random() / 2)  # noqa: S311

    def _tries(self, cause: Cause) -> int:
        match cause:
            case Cause.CONFLICT:
                return self.conflicts
            case Cause.OLD:
                return self.old
            case Cause.MISMATCH:
                return self.lagging
            case Cause.STALE:
                return self.lagging if self.settling else self.stale

    def cause_of(self, error: GatewayError, *, submits: bool = True) -> Cause | None:
        """Return why a new proposal might succeed after this failure, or None when it would not.

        Parameters
        ----------
        submits
            Whether other organisations' peers were asked too. A single peer that is read from is believed when it knows
            nothing of a name, unless the caller is `settling`.
        """
        if isinstance(error, CommitError):
            return Cause.CONFLICT if error.validation_code in _CONFLICTS else None
        if isinstance(error, EndorseError) and any(_MISMATCH in detail.message for detail in error.details):
            return Cause.MISMATCH
        refused = chaincode_refusal(error)
        if refused is not None and refused.code == "EXPIRED" and refused.message.startswith(_OLD):
            return Cause.OLD
        return Cause.STALE if refused is not None and refused.code in self._stale_codes(submits=submits) else None

    def _stale_codes(self, *, submits: bool) -> frozenset[str]:
        if self.settling:
            return _SETTLING
        return _STALE if submits else frozenset()
