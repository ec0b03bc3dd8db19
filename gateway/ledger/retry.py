"""When a new proposal may be made, and how often.

Every function of the chaincode may be repeated with the same content, so a new proposal is always safe; it is useful
only where the failure speaks of a moment and not of the request.
"""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from grpc import StatusCode

from gateway.fabric.errors import CommitError, CommitStatusError, EndorseError, GatewayError
from gateway.fabric.refusal import chaincode_refusal
from quorate.blocks.codes import TxValidationCode

if TYPE_CHECKING:
    from collections.abc import Iterator

LOST_AFTER: Final = 10.0
"""Seconds after which a transaction that is in no block counts as lost. No round can wait for it much longer."""

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
    LOST = "the transaction was taken for ordering and is in no block: whoever took it may have ended before it was"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """Bounds of new proposals, in number and in seconds.

    `conflicts` are those after a conflict; `stale` those after an answer that a peer gives for want of a block, or for
    good. `lost` are those after a transaction that never came into a block; should it come after all, it changes
    nothing any more. `lagging` are those where it can only be for want of a block: enough for a peer that is two
    seconds behind. `old` are those after a time that an endorser found too far from its own: few, for its clock or the
    caller's may be wrong.

    `settling` says that the caller has just seen the state its call needs (an event, another's record): an endorser
    that answers with an earlier state is then behind, and not right.
    """

    conflicts: int = 12
    stale: int = 6
    lagging: int = 9
    lost: int = 2
    old: int = 4
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
            case Cause.LOST:
                return self.lost
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
        if isinstance(error, CommitStatusError) and error.status is StatusCode.DEADLINE_EXCEEDED:
            return Cause.LOST
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
