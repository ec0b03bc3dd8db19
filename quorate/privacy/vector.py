"""An amount of RDP at every order, and what a mechanism costs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from quorate.errors import UsageError
from quorate.privacy.orders import ORDERS
from quorate.privacy.parameters import MAX_STEPS, Mechanism, parse_noise_multiplier, parse_sample_rate, require_steps
from quorate.privacy.rdp import log_moments, plain_charge, sampled_charge
from quorate.privacy.upward import Number, Upward

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_NANO: Final = 10**30
"""Bound of every amount, far above any sum of charges that occurs."""

STANDARD: Final = Upward(192)
"""What the ledger computes with; 160 to 256 bits give the same integers."""

_NANO = re.compile(r"0|[1-9][0-9]{0,30}")


@dataclass(frozen=True, slots=True)
class Vector:
    """An amount of RDP in nano-units at each of `ORDERS`. As JSON: an object from each order to a decimal string."""

    nano: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.nano) != len(ORDERS):
            raise UsageError(f"rdp_nano has {len(self.nano)} orders instead of {len(ORDERS)}")
        if not all(0 <= amount <= MAX_NANO for amount in self.nano):
            raise UsageError("rdp_nano is outside the range that a privacy account can hold")

    def __add__(self, other: Vector) -> Vector:
        return Vector(tuple(x + y for x, y in zip(self.nano, other.nano, strict=True)))

    def __bool__(self) -> bool:
        """Tell whether anything is spent."""
        return any(self.nano)

    def at(self, order: int) -> int:
        """Return the amount at one of `ORDERS`."""
        return self.nano[ORDERS.index(order)]

    def to_json(self) -> dict[str, str]:
        """Return the form in which accounts on the ledger hold it."""
        return {str(order): str(amount) for order, amount in zip(ORDERS, self.nano, strict=True)}

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> Vector:
        """Read what `to_json` returns, and nothing else.

        Raises
        ------
        UsageError
            On a missing or unknown order, or an amount that is not a decimal string without sign and leading zeros.
        """
        if document.keys() != {str(order) for order in ORDERS}:
            raise UsageError(f"rdp_nano does not have exactly the {len(ORDERS)} orders that accounts have")
        return cls(tuple(_amount(order, document[str(order)]) for order in ORDERS))


NOTHING: Final = Vector((0,) * len(ORDERS))
"""Nothing spent."""


def charge(mechanism: Mechanism) -> Vector:
    """Return what the mechanism costs: its RDP at every order in nano-units, each rounded up.

    Rounding is per charge: several charges cost the sum of their charges, which is at least the charge of all their
    steps together.
    """
    require_steps(mechanism.steps, most=MAX_STEPS)
    return charge_steps(mechanism)


@lru_cache(maxsize=1024)
def charge_steps(mechanism: Mechanism) -> Vector:
    """Return the charge for as many steps as a histogram can hold, remembered by the exact parameters."""
    a, b = parse_sample_rate(mechanism.sample_rate)
    if a == b:
        return Vector(plain_charge(parse_noise_multiplier(mechanism.noise_multiplier), mechanism.steps))
    moments = _moments(mechanism.noise_multiplier, mechanism.sample_rate)
    return Vector(sampled_charge(STANDARD, moments, mechanism.steps))


@lru_cache(maxsize=256)
def _moments(noise_multiplier: str, sample_rate: str) -> tuple[Number, ...]:
    a, b = parse_sample_rate(sample_rate)
    return log_moments(STANDARD, noise_multiplier=parse_noise_multiplier(noise_multiplier), a=a, b=b)


def _amount(order: int, value: object) -> int:
    if not isinstance(value, str) or not _NANO.fullmatch(value):
        raise UsageError(f"rdp_nano at order {order} is not a decimal string in range")
    return int(value)
