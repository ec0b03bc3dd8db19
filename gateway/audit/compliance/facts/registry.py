"""Every group of facts by its name, and which of them only a whole ledger has."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from gateway.audit.compliance.facts import ledger, privacy, rules, supervision, training

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from gateway.audit.compliance.evidence import Evidence
    from gateway.audit.compliance.facts.fact import Fact

FACTS: Final[Mapping[str, Callable[[Evidence], Iterable[Fact]]]] = MappingProxyType(
    {
        "ledger": ledger.ledger,
        "actors": ledger.actors,
        "witnesses": ledger.witnesses,
        "software": ledger.software,
        "agreement": ledger.agreement,
        "attention": ledger.attention,
        "members": rules.members,
        "policies": rules.policies,
        "approvals": rules.approvals,
        "modifications": rules.modifications,
        "datasets": training.datasets,
        "studies": training.studies,
        "rounds": training.rounds,
        "models": training.models,
        "refusals": training.refusals,
        "retirements": training.retirements,
        "accounts": privacy.accounts,
        "protection": privacy.protection,
        "reviews": supervision.reviews,
        "anchors": supervision.anchors,
    }
)
"""What a control may have told."""

WHOLE_ONLY: Final = frozenset({"accounts", "members", "policies"})
"""Totals, and what is in force: a part of a ledger cannot tell them."""
