"""Every action and the groups that it is in, as the schema of the policies declares them."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ARTIFACT_READ: Final = "artifact.read"
AUDIT_READ: Final = "audit.read"
AUDIT_EXPORT: Final = "audit.export"
MODEL_INFER: Final = "model.infer"
DATA_TRAIN: Final = "data.train"

FOUNDING: Final = "founding"
LEDGER_WRITE: Final = "ledger.write"
LEDGER_READ: Final = "ledger.read"
OFF_LEDGER: Final = "off-ledger"
GROUPS: Final = (FOUNDING, LEDGER_WRITE, LEDGER_READ, OFF_LEDGER)

_FOUNDING: Final = ("consortium.found", "consortium.confirm", "consortium.tally", "consortium.announce")
_WRITES: Final = (
    *_FOUNDING,
    *("consortium.propose_member", "consortium.propose_removal", "consortium.vote"),
    *("policy.propose", "policy.vote", "policy.tally"),
    *("dataset.register", "dataset.revise", "dataset.retire"),
    *("study.propose", "study.vote", "study.tally", "study.accept", "study.withdraw", "study.start", "study.complete"),
    *("study.suspend", "study.resume"),
    "privacy.reserve",
    *("round.open", "round.decline", "round.commit", "round.seal", "round.attest", "round.finalize"),
    *("round.retry", "round.abort"),
    "model.retire",
    *("audit.record_review", "audit.anchor_access_log"),
)
_READS: Final = (
    *("consortium.get", "consortium.members", "policy.get", "policy.check"),
    *("policy.proposal", "policy.history", "dataset.get", "dataset.list"),
    *("study.get", "study.list", "privacy.account", "privacy.quote", "round.get", "round.receipt"),
    *("model.get", "model.lineage", "audit.info", "audit.reviews", "audit.anchors"),
)
_OFF_LEDGER: Final = (ARTIFACT_READ, AUDIT_READ, AUDIT_EXPORT, MODEL_INFER, DATA_TRAIN)

_UPPER: Final = re.compile(r"(?<!^)(?=[A-Z])")


def action_of(function: str) -> str:
    """Return the action of a function: ``round.commit`` for ``round:Commit``."""
    contract, _, name = function.partition(":")
    return f"{contract}.{_UPPER.sub('_', name).lower()}"


def _write_groups(action: str) -> tuple[str, ...]:
    return (LEDGER_WRITE, FOUNDING) if action in _FOUNDING else (LEDGER_WRITE,)


ACTIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {action: _write_groups(action) for action in _WRITES}
    | dict.fromkeys(_READS, (LEDGER_READ,))
    | dict.fromkeys(_OFF_LEDGER, (OFF_LEDGER,))
)
"""Every action, and the groups that it is in."""
