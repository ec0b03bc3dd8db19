"""Arithmetic on integers in which every operation rounds towards plus infinity.

A number is a pair (m, e) that stands for m·2^e, where m has exactly as many bits as the precision, or (0, 0). These
are the numbers of Go's ``math/big`` with its rounding mode ``ToPositiveInf``; the chaincode does the same operations in
the same order, so that every mantissa is equal, not only the results.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

Number: TypeAlias = tuple[int, int]

ZERO: Final[Number] = (0, 0)

_GUARD_BITS = 8
"""How far below the last bit of a sum a summand has to lie before a bound replaces its value: aligning numbers that
are millions of bits apart would take megabytes."""


@dataclass(frozen=True, slots=True)
class Upward:
    """Arithmetic on numbers of `bits` bits."""

    bits: int

    def round(self, mantissa: int, exponent: int) -> Number:
        """Return the smallest number that is at least mantissa·2^exponent."""
        if mantissa == 0:
            return ZERO
        excess = mantissa.bit_length() - self.bits
        if excess <= 0:
            return mantissa << -excess, exponent + excess
        rounded = -(-mantissa >> excess)
        if rounded.bit_length() > self.bits:
            return rounded >> 1, exponent + excess + 1
        return rounded, exponent + excess

    def integer(self, value: int) -> Number:
        """Return the smallest number that is at least `value`."""
        return self.round(value, 0)

    def ratio(self, n: int, d: int) -> Number:
        """Return the smallest number that is at least n/d, for d > 0."""
        shift = max(self.bits + 1 + d.bit_length() - n.bit_length(), 0)
        return self.round(-((-n << shift) // d), -shift)

    def multiply(self, x: Number, y: Number) -> Number:
        """Return x·y, rounded up."""
        return self.round(x[0] * y[0], x[1] + y[1])

    def divide(self, x: Number, n: int) -> Number:
        """Return x/n, rounded up, for an integer n > 0."""
        shift = n.bit_length() + 1
        return self.round(-((-x[0] << shift) // n), x[1] - shift)

    def add(self, x: Number, y: Number) -> Number:
        """Return x + y, rounded up, for x and y not negative."""
        if x[0] == 0 or y[0] == 0:
            return x if y[0] == 0 else y
        large, small = (x, y) if x[1] >= y[1] else (y, x)
        if large[1] - small[1] > self.bits + _GUARD_BITS:
            return self.round(large[0] + 1, large[1])
        return self.add_near(large, small)

    def add_near(self, x: Number, y: Number) -> Number:
        """Return x + y of any sign, rounded up, for exponents that are not far apart."""
        exponent = min(x[1], y[1])
        return self.round((x[0] << (x[1] - exponent)) + (y[0] << (y[1] - exponent)), exponent)

    def less_one(self, x: Number) -> Number:
        """Return a bound of x - 1 from above, for x >= 1."""
        if x[1] > _GUARD_BITS:
            return x
        return self.add_near(x, (-1, 0))

    def product_sum(self, pairs: Iterable[tuple[Number, Number]]) -> Number:
        """Return the sum of the products of pairs that are not negative, each operation rounded up."""
        total = ZERO
        for x, y in pairs:
            total = self.add(total, self.multiply(x, y))
        return total


def ceiling(x: Number) -> int:
    """Return the smallest integer that is at least `x`."""
    mantissa, exponent = x
    return mantissa << exponent if exponent >= 0 else -(-mantissa >> -exponent)
