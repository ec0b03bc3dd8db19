"""Which records each step trains on: exact Poisson sampling, and plain passes where nothing is accounted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from numpy.typing import NDArray

    from participants.training.secrets import KeyStream

MAX_DENOMINATOR: Final = 1 << 32
_RANGE: Final = 1 << 64


def below(stream: KeyStream, bound: int, count: int) -> NDArray[np.uint64]:
    """Return `count` integers, each exactly uniform on 0 … bound - 1, by rejection.

    Raises
    ------
    UsageError
        When the bound is not between 1 and `MAX_DENOMINATOR`.
    """
    if not 1 <= bound <= MAX_DENOMINATOR:
        raise UsageError(f"the bound of a draw is between 1 and {MAX_DENOMINATOR}, not {bound}")
    largest = np.uint64(_RANGE - _RANGE % bound - 1)
    drawn = stream.uint64(count).copy()
    while (rejected := np.flatnonzero(drawn > largest)).size:
        drawn[rejected] = stream.uint64(rejected.size)
    return drawn % np.uint64(bound)


@dataclass(frozen=True, kw_only=True)
class PoissonSampler:
    """A fixed, public number of steps; in each, every record takes part with probability exactly a/b, independently.

    The number of records in a step varies and may be zero; a step without records is a step.
    """

    stream: KeyStream
    records: int
    rate: Fraction
    steps: int

    def __post_init__(self) -> None:
        if not 0 < self.rate <= 1 or self.rate.denominator > MAX_DENOMINATOR:
            raise UsageError(f"a sample rate is a rational between 0 and 1, not {self.rate}")

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        for _ in range(self.steps):
            drawn = below(self.stream, self.rate.denominator, self.records)
            yield np.flatnonzero(drawn < np.uint64(self.rate.numerator))


@dataclass(frozen=True, kw_only=True)
class PassSampler:
    """Batches of a fixed size from shuffled passes over all records; without privacy only, it accounts for nothing."""

    stream: KeyStream
    records: int
    batch_size: int
    steps: int

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        waiting = np.empty(0, dtype=np.int64)
        size = min(self.batch_size, self.records)
        for _ in range(self.steps):
            while len(waiting) < size:
                order = np.argsort(self.stream.uint64(self.records), kind="stable").astype(np.int64)
                waiting = np.concatenate([waiting, order])
            yield waiting[:size]
            waiting = waiting[size:]
