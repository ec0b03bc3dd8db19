"""Rules that make one change of the model out of the members' updates, element by element, in integers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from quorate.errors import UnsupportedVersionError, UsageError
from quorate.fixedpoint import TOTAL_LIMIT, divide_half_even

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quorate.canonical import JSON
    from quorate.fixedpoint import Int64s, Integers


class Rule(Protocol):
    """What every rule does with the same stretch of every update.

    It sees the updates in canonical order, ascending by MSP id and data set id, and may break ties by it. It must
    give the same result for every element wherever the stretch begins and ends.
    """

    def __call__(self, updates: Sequence[Integers], weights: Sequence[int], /) -> Int64s:
        """Return the change of the model: int64, as long as each of the updates."""
        ...


def weighted_mean(updates: Sequence[Integers], weights: Sequence[int], /) -> Int64s:
    """Return Σ wᵢ·uᵢ / Σ wᵢ in int64, rounded half to even once, at the end.

    The caller has checked with `require_no_overflow` that no sum can leave int64.

    Raises
    ------
    UsageError
        When there is no update, not one weight for each, or a weight is not positive.
    """
    if not updates or len(updates) != len(weights) or min(weights) < 1:
        raise UsageError(f"{len(updates)} updates with {len(weights)} weights have no weighted mean")
    total = np.zeros(updates[0].shape, np.int64)
    product = np.empty_like(total)
    for update, weight in zip(updates, weights, strict=True):
        if weight == 1:
            total += update
        else:
            total += np.multiply(update, np.int64(weight), out=product)
    return divide_half_even(total, sum(weights))


def rule_named(name: str, parameters: Mapping[str, JSON]) -> Rule:
    """Return the rule that study terms name.

    Raises
    ------
    UnsupportedVersionError
        When this version has no such rule.
    UsageError
        When the rule does not take these parameters.
    """
    if name not in _RULES:
        raise UnsupportedVersionError(f"there is no aggregation rule {name!r}, only {sorted(_RULES)}")
    if parameters:
        raise UsageError(f"the rule {name} takes no parameters, but has {sorted(parameters)}")
    return _RULES[name]


def require_no_overflow(*, members: int, largest_weight: int, bound: int) -> None:
    """Return when no weighted sum of these updates can leave int64, with room for the division.

    Raises
    ------
    UsageError
        When members * largest weight * bound is 2^62 or more.
    """
    if members * largest_weight * bound >= TOTAL_LIMIT:
        raise UsageError(
            f"{members} members x weight {largest_weight} x bound {bound} could overflow",
            hint="Lower the weights or the bound until the product is below 2^62.",
        )


_RULES: Final[Mapping[str, Rule]] = {"weighted-mean": weighted_mean}
