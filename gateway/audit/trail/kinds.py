"""What kinds of events there are, in words for officers, and how much attention each needs."""

from __future__ import annotations

import difflib
from enum import IntEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Severity(IntEnum):
    """How much attention an event needs."""

    ROUTINE = 0
    NOTABLE = 1
    ATTENTION = 2


INVALID: Final = "ledger.invalid"
DIVERGED: Final = "witness.diverged"
"""No event of the ledger, but what the own gateway has seen of another's."""
REPEATED: Final = "ledger.repeated"
CONFLICTED: Final = "ledger.conflicted"
CONFIGURED: Final = "channel.configured"
DEFINED: Final = "chaincode.defined"

_ROUTINE: Final = {
    "consortium.confirmed": "A founding member confirmed the charter",
    "consortium.voted": "A member voted on a change of the members",
    "policy.voted": "A member voted on a policy set",
    "gateway.announced": "A member announced its gateway",
    "dataset.registered": "A data set was registered",
    "study.voted": "A member voted on a study",
    "study.accepted": "A participant accepted a study",
    "study.ready": "Every participant has accepted a study",
    "privacy.reserved": "A privacy charge was granted",
    "round.opened": "A round was opened",
    "round.committed": "A participant committed an update",
    "round.sealed": "A round was sealed",
    "round.attested": "A member attested a model",
    "round.finalized": "A model became final",
    "audit.access_log_anchored": "A member anchored its access log",
    "audit.review_assigned": "A review was assigned",
    REPEATED: "A second copy of a transaction was left out",
}
_NOTABLE: Final = {
    "consortium.proposed": "A charter was proposed",
    "consortium.founded": "The consortium was founded",
    "consortium.change_proposed": "A change of the members was proposed",
    "consortium.amended": "The members changed",
    "consortium.change_rejected": "A change of the members was not adopted",
    "policy.proposed": "A policy set was proposed",
    "policy.in_force": "A policy set came into force",
    "policy.rejected": "A policy set was not adopted",
    "dataset.revised": "A data set's record was revised",
    "dataset.retired": "A data set was retired",
    "study.proposed": "A study was proposed",
    "study.approved": "A study was approved",
    "study.started": "A study was started",
    "study.completed": "A study was completed",
    "study.rejected": "A study was not approved",
    "study.withdrawn": "A participant withdrew from a study",
    "study.suspension_withdrawn": "A member withdrew its suspension of a study",
    "study.resumed": "A suspended study goes on",
    "round.declined": "A participant declined a round",
    "model.retired": "A model was retired",
    "audit.review_opened": "A review was opened",
    "audit.review_concluded": "A review was concluded",
    CONFLICTED: "A transaction was overtaken by another",
    CONFIGURED: "The channel was configured",
    DEFINED: "The chaincode was defined",
}
_ATTENTION: Final = {
    "privacy.refused": "A charge over the privacy budget was refused",
    "study.aborted": "A study was aborted",
    "study.suspended": "A study was suspended",
    "round.retried": "Attesters did not agree and try again",
    "round.disputed": "A round is disputed",
    "round.aborted": "A round was aborted",
    INVALID: "A transaction was found invalid",
    DIVERGED: "A member's ledger differs from this one",
}

KINDS: Final[Mapping[str, tuple[str, Severity]]] = MappingProxyType(
    {name: (words, Severity.ROUTINE) for name, words in _ROUTINE.items()}
    | {name: (words, Severity.NOTABLE) for name, words in _NOTABLE.items()}
    | {name: (words, Severity.ATTENTION) for name, words in _ATTENTION.items()}
)
"""Every kind of event: what it means, and its severity."""

CONTRACTS: Final = tuple(sorted({kind.partition(".")[0] for kind in KINDS}))
"""What kinds begin with; each stands for all of its kinds."""


def require_kind(text: str) -> str:
    """Return `text` when it is a kind of event, or what kinds begin with.

    Raises
    ------
    UsageError
        When it is neither; the hint says what is near it.
    """
    if text in KINDS or text in CONTRACTS:
        return text
    contract, dot, _ = text.partition(".")
    own = [kind for kind in KINDS if dot and kind.startswith(f"{contract}.")]
    near = difflib.get_close_matches(text[:64], own or [*CONTRACTS, *KINDS]) or own
    hint = f"Near it: {', '.join(near)}." if near else f"Kinds begin with {', '.join(CONTRACTS)}."
    raise UsageError(f"{text[:64]!r} is no kind of event", hint=hint)


def severity_of(kind: str) -> Severity:
    """Return a kind's severity; one that this version does not know needs attention."""
    return KINDS[kind][1] if kind in KINDS else Severity.ATTENTION


def words_of(kind: str) -> str:
    """Return what a kind means; its own name when this version does not know it."""
    return KINDS[kind][0] if kind in KINDS else kind
