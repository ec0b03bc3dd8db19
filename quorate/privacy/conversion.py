"""From RDP to ε at a given δ, and the budget test."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from quorate.privacy.explog import log
from quorate.privacy.orders import ORDERS, UNIT
from quorate.privacy.parameters import parse_delta
from quorate.privacy.upward import ceiling
from quorate.privacy.vector import STANDARD, Vector


class Epsilon(NamedTuple):
    """ε in nano-units, rounded up, and the lowest order that gives it; order 0 when nothing is spent."""

    nano: int
    order: int


class Fit(NamedTuple):
    """Whether an account can bear a charge, and its ε in nano-units afterwards, also when it cannot."""

    ok: bool
    epsilon_after_nano: int


def epsilon(spent: Vector, delta: str) -> Epsilon:
    """Return the smallest ε for which `spent` implies (ε, δ)-differential privacy at one of the orders.

    Canonne, Kamath and Steinke, "The discrete Gaussian for differential privacy", arXiv:2004.00010, proposition 12.
    """
    offsets = _offsets(delta)
    if not spent:
        return Epsilon(nano=0, order=0)
    # Amounts are integers, so ceil(amount + x) is amount + ceil(x): the offsets are all there is to round.
    candidates = (amount + offset for amount, offset in zip(spent.nano, offsets, strict=True))
    nano, order = min(zip(candidates, ORDERS, strict=True))
    return Epsilon(nano=max(nano, 0), order=order)


def fits(account: Vector, added: Vector, *, cap_nano: int, delta: str) -> Fit:
    """Tell whether ε at the account's own δ stays within the cap when `added` is charged."""
    after = epsilon(account + added, delta).nano
    return Fit(ok=after <= cap_nano, epsilon_after_nano=after)


@lru_cache(maxsize=256)
def _offsets(delta: str) -> tuple[int, ...]:
    """Return what has to be added to the RDP at every order a to have ε at δ, in nano-units and rounded up.

    It is log((a-1)/a) - (log δ + log a)/(a-1) = log((a-1)^(a-1) / (a^a δ)) / (a-1): one logarithm, of an exact
    fraction, and so nothing that could cancel.
    """
    value = parse_delta(delta)
    return tuple(_offset(order, value.numerator, value.denominator) for order in ORDERS)


def _offset(order: int, delta_n: int, delta_d: int) -> int:
    u = STANDARD
    x = log(u, (order - 1) ** (order - 1) * delta_d, order**order * delta_n)
    return ceiling(u.divide(u.round(x[0] * UNIT, x[1]), order - 1))
