"""What a data set has spent: the vector, and the histogram from which it can be accounted anew."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from quorate.errors import CheckFailedError, UsageError
from quorate.privacy.orders import ORDERS
from quorate.privacy.parameters import MAX_TOTAL_STEPS, Mechanism
from quorate.privacy.vector import NOTHING, Vector, charge, charge_steps

if TYPE_CHECKING:
    from collections.abc import Iterable

Histogram = tuple[Mechanism, ...]
"""Steps per mechanism, sorted by the texts of noise multiplier and sample rate, each pair once."""

MAX_HISTOGRAM_ENTRIES: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What a data set has spent.

    The vector is the sum of the charges as each was rounded up when it was made; `compose` gives exactly it from the
    individual charges. The histogram alone gives it within one nano-unit per charge; see `check`.
    """

    spent: Vector = NOTHING
    histogram: Histogram = ()
    charges: int = 0

    def add(self, mechanism: Mechanism) -> Account:
        """Return the account with one more charge."""
        return Account(
            spent=self.spent + charge(mechanism),
            histogram=_merge(self.histogram, mechanism),
            charges=self.charges + 1,
        )

    def check(self) -> None:
        """Raise unless the vector can be the sum of as many charges of the histogram's mechanisms.

        ceil(x+y) <= ceil(x) + ceil(y) <= ceil(x+y) + 1, so at every order the vector is at least the histogram's and
        exceeds it by at most charges minus entries.

        Raises
        ------
        CheckFailedError
            When it cannot.
        """
        if not all(_key(one) < _key(other) for one, other in pairwise(self.histogram)):
            raise CheckFailedError("the account's histogram is not sorted, or has a mechanism twice")
        slack = self.charges - len(self.histogram)
        least = sum((charge_steps(mechanism) for mechanism in self.histogram), start=NOTHING)
        for order, amount, bound in zip(ORDERS, self.spent.nano, least.nano, strict=True):
            if not bound <= amount <= bound + slack:
                raise CheckFailedError(
                    f"the account holds {amount} nano-RDP at order {order}, which {self.charges} charges of its "
                    f"histogram cannot sum to"
                )


def compose(charges: Iterable[Mechanism]) -> Account:
    """Return the account that the charges make; their order does not matter."""
    account = Account()
    for mechanism in charges:
        account = account.add(mechanism)
    return account


def _key(mechanism: Mechanism) -> tuple[str, str]:
    return mechanism.noise_multiplier, mechanism.sample_rate


def _merge(histogram: Histogram, mechanism: Mechanism) -> Histogram:
    i = bisect_left(histogram, _key(mechanism), key=_key)
    if i < len(histogram) and _key(histogram[i]) == _key(mechanism):
        steps = histogram[i].steps + mechanism.steps
        if steps > MAX_TOTAL_STEPS:
            raise UsageError("the privacy account would exceed the range that it can hold")
        return (*histogram[:i], replace(mechanism, steps=steps), *histogram[i + 1 :])
    if len(histogram) >= MAX_HISTOGRAM_ENTRIES:
        raise UsageError(f"histogram already holds {MAX_HISTOGRAM_ENTRIES} different mechanisms")
    return (*histogram[:i], mechanism, *histogram[i:])
