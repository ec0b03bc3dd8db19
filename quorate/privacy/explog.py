"""Upper bounds of exp and log, by series whose terms are all positive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from quorate.privacy.upward import ZERO, Number, Upward

if TYPE_CHECKING:
    from fractions import Fraction

_LN2: Final = 0xB17217F7D1CF79ABC9E3B39803F2F6AF40F343267298B62D8A0D175B8BAAFA2BE7B876206DEBAC98559552FB4AFA1B10
"""The integer part of log(2)·2^384."""

_LN2_BITS: Final = 384


def exp(u: Upward, x: Fraction) -> Number:
    """Return an upper bound of exp(x), for x > 0.

    x is halved until it is below 2^-8, the Taylor series is summed, and the result squared as often. What the series
    leaves out is less than its last term, which is added twice for that.
    """
    mantissa, exponent = u.ratio(x.numerator, x.denominator)
    halvings = max(exponent + u.bits + 8, 0)
    y = (mantissa, exponent - halvings)
    total = term = u.integer(1)
    limit = -u.bits - 2
    i = 0
    while term[1] + u.bits >= limit:
        i += 1
        term = u.divide(u.multiply(term, y), i)
        total = u.add(total, term)
    total = u.add(total, term)
    for _ in range(halvings):
        total = u.multiply(total, total)
    return total


def log(u: Upward, n: int, d: int, exponent: int = 0) -> Number:
    """Return an upper bound of log(n/d · 2^exponent), for n, d > 0.

    The argument is written m·2^e with 1 <= m < 2, and log m = 2·atanh((m-1)/(m+1)).
    """
    shift = n.bit_length() - d.bit_length()
    n, d = n << max(-shift, 0), d << max(shift, 0)
    if n < d:
        n <<= 1
        shift -= 1
    result = _twice_atanh(u, u.ratio(n - d, n + d))
    if (e := exponent + shift) != 0:
        constant = _LN2 + 1 if e > 0 else _LN2
        result = u.add_near(result, u.round(constant * e, -_LN2_BITS))
    return result


def log1p(u: Upward, x: Number) -> Number:
    """Return an upper bound of log(1+x), for x >= 0."""
    mantissa, exponent = x
    if mantissa == 0:
        return ZERO
    if exponent >= 0:  # 1 + m·2^e <= (m+1)·2^e
        return log(u, mantissa + 1, 1, exponent)
    one = 1 << -exponent
    return log(u, mantissa + one, one)


def _twice_atanh(u: Upward, z: Number) -> Number:
    """Return an upper bound of 2·atanh(z), for 0 <= z <= 1/3.

    What the power series leaves out is less than an eighth of its last term, which is added twice for that.
    """
    if z == ZERO:
        return ZERO
    square = u.multiply(z, z)
    limit = z[1] - u.bits - 2
    power = total = term = z
    i = 3
    while term[1] >= limit:
        power = u.multiply(power, square)
        term = u.divide(power, i)
        total = u.add(total, term)
        i += 2
    mantissa, exponent = u.add(total, term)
    return mantissa, exponent + 1
