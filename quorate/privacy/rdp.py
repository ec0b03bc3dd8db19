"""The RDP of the Poisson-subsampled Gaussian mechanism at integer orders.

Mironov, Talwar and Zhang, "Rényi differential privacy of the sampled Gaussian mechanism", arXiv:1908.10530, section
3.3; add-or-remove-one adjacency::

    RDP(a) = log A(a) / (a-1),  A(a) = Σ_k C(a,k) (1-q)^(a-k) q^k exp((k²-k)/(2σ²))
"""

from __future__ import annotations

from functools import lru_cache
from itertools import accumulate, pairwise, repeat
from typing import TYPE_CHECKING

from quorate.privacy.explog import exp, log1p
from quorate.privacy.orders import ORDERS, UNIT
from quorate.privacy.upward import Number, Upward, ceiling

if TYPE_CHECKING:
    from fractions import Fraction


def log_moments(u: Upward, *, noise_multiplier: Fraction, a: int, b: int) -> tuple[Number, ...]:
    """Return upper bounds of log A of one step for every order, for a sample rate a/b below one.

    A - 1 is summed instead of A: the terms for k = 0 and 1 vanish, and Σ_{k>=2} C(a,k) (1-q)^(a-k) q^k (E_k - 1), with
    E_k = exp((k²-k)/(2σ²)), has positive terms only.
    """
    weights = _weights(u, noise_multiplier=noise_multiplier, a=a, b=b)
    keep = u.ratio(b - a, b)
    power = u.integer(1)
    moments = []
    for (below, order), row in zip(pairwise((0, *ORDERS)), _binomials(u), strict=True):
        for _ in range(order - below):
            power = u.multiply(power, keep)
        total = u.product_sum(zip(row, weights, strict=False))  # weights go on to the largest order
        moments.append(log1p(u, u.multiply(total, power)))
    return tuple(moments)


def sampled_charge(u: Upward, moments: tuple[Number, ...], steps: int) -> tuple[int, ...]:
    """Return ceil(steps · log A(a)/(a-1)) in nano-units for every order."""
    nano_steps = steps * UNIT
    return tuple(
        ceiling(u.divide(u.round(mantissa * nano_steps, exponent), order - 1))
        for order, (mantissa, exponent) in zip(ORDERS, moments, strict=True)
    )


def plain_charge(noise_multiplier: Fraction, steps: int) -> tuple[int, ...]:
    """Return ceil(steps · a/(2σ²)) in nano-units for every order: the Gaussian without sampling, exactly."""
    per_order = steps * UNIT / (2 * noise_multiplier**2)
    return tuple(-(-order * per_order.numerator // per_order.denominator) for order in ORDERS)


def _weights(u: Upward, *, noise_multiplier: Fraction, a: int, b: int) -> list[Number]:
    """Return upper bounds of (q/(1-q))^k (E_k - 1) for k from 2 to the largest order."""
    odds = u.ratio(a, b - a)
    odds_powers = accumulate(repeat(odds, ORDERS[-1]), u.multiply)
    next(odds_powers)
    base = exp(u, 1 / noise_multiplier**2)
    base_powers = accumulate(repeat(base, ORDERS[-1] - 1), u.multiply)  # exp(1/σ²)^(k-1)
    products = accumulate(base_powers, u.multiply)  # E_k = Π_{j<k} exp(1/σ²)^j
    return [u.multiply(u.less_one(product), odds) for product, odds in zip(products, odds_powers, strict=True)]


@lru_cache(maxsize=4)
def _binomials(u: Upward) -> tuple[tuple[Number, ...], ...]:
    """Return upper bounds of C(a,k), for every order a, for k from 2 to a."""
    return tuple(_binomial_row(u, order) for order in ORDERS)


def _binomial_row(u: Upward, order: int) -> tuple[Number, ...]:
    exact = [1]
    for k in range(1, order + 1):
        exact.append(exact[-1] * (order - k + 1) // k)
    return tuple(u.integer(value) for value in exact[2:])
