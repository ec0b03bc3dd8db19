"""Limits per identity: how many calls at once, and how many a second."""

from __future__ import annotations

import time
from collections import Counter, OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.errors import LimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_REMEMBERED: Final = 4096


class Slots:
    """A bound on the calls that one identity has open at once.

    Parameters
    ----------
    most
        How many.
    limit
        The configuration's name for it, told to whoever reaches it.
    who
        Whom people call what is counted here.
    """

    def __init__(self, most: int, *, limit: str, who: str = "this identity") -> None:
        self._most = most
        self._who = who
        self._limit = limit
        self._taken: Counter[str] = Counter()

    @contextmanager
    def take(self, identity: str) -> Iterator[None]:
        """Hold a slot for the length of a call; `LimitError` when none is free."""
        if self._taken[identity] >= self._most:
            raise LimitError(
                f"{self._who} has {self._most} such calls open already, as many as {self._limit} allows: end one first"
            )
        self._taken[identity] += 1
        try:
            yield
        finally:
            self._taken[identity] -= 1
            if not self._taken[identity]:
                del self._taken[identity]


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float


class Rate:
    """A bound on the calls that one identity begins in a second: a token bucket for each.

    Parameters
    ----------
    per_second
        How fast the bucket fills.
    burst
        How many calls a full bucket holds.
    clock
        Monotonic seconds; tests give their own.
    """

    def __init__(self, per_second: float, *, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def spend(self, identity: str) -> None:
        """Count a call; `LimitError` when it comes too soon."""
        now = self._clock()
        bucket = self._buckets.pop(identity, None) or _Bucket(float(self._burst), now)
        bucket.tokens = min(self._burst, bucket.tokens + (now - bucket.filled) * self._per_second)
        bucket.filled = now
        self._buckets[identity] = bucket
        if len(self._buckets) > _REMEMBERED:
            self._buckets.popitem(last=False)  # the one that has been silent longest
        if bucket.tokens < 1:
            raise LimitError(
                f"this identity makes more than {self._per_second:g} calls a second, what limits.calls_per_second"
                f" allows after a burst of {self._burst}: call less often"
            )
        bucket.tokens -= 1
