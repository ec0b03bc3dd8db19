"""The exact arithmetic of a round: which updates are valid, what they add up to, and proof of having held them."""

from quorate.aggregation.aggregate import aggregate
from quorate.aggregation.possession import possession
from quorate.aggregation.rules import Rule, require_no_overflow, rule_named, weighted_mean
from quorate.aggregation.validation import InvalidUpdate, Reason, UpdateTerms, validate_update

__all__ = [
    "InvalidUpdate",
    "Reason",
    "Rule",
    "UpdateTerms",
    "aggregate",
    "possession",
    "require_no_overflow",
    "rule_named",
    "validate_update",
    "weighted_mean",
]
