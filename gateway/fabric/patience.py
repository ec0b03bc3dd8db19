"""How long a transaction may be under way before its envelope is sent once more."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMOOTHED: Final = 1 / 8
_VARIED: Final = 1 / 4
_VARIATIONS: Final = 4
_MOST: Final = 4
_FOREMOST: Final = 8


@dataclass(eq=False, frozen=True, slots=True)
class Place:
    """A transaction's place in the queue of those that were taken and are in no block yet."""

    taken: float


class Patience:
    """Learns how long commits take, as TCP learns how long an answer takes (RFC 6298).

    A copy that is sent while the first is only slow is dead weight for every peer, and slow is what a busy ledger is.
    So what is waited is the usual time and four times its variation, and twice as long after a copy had to be sent,
    until a transaction commits without (Karn's rule: who cannot tell which copy it was has learnt nothing about time).
    It is waited anew whenever a transaction has committed that was taken before: the queue moves, and one's own turn
    comes. And when it does not move, only the foremost are sent again at first: if it had only been slow, that was all.

    Parameters
    ----------
    least
        Seconds that are waited in any case; four times that is the most.
    """

    def __init__(self, least: float) -> None:
        self._least = least
        self._usual = 0.0
        self._variation = 0.0
        self._learnt = False
        self._lossy = False
        self._last = Place(-math.inf)
        self._moved = -math.inf
        self._queue: dict[Place, None] = {}

    @property
    def seconds(self) -> float:
        """How long the next transaction may be under way before it is sent once more."""
        seconds = max(self._least, self._usual + _VARIATIONS * self._variation)
        return min(seconds * (2 if self._lossy else 1), _MOST * self._least)

    def pauses(self) -> Iterator[float]:
        """Yield the pauses before one transaction's second copy, its third, …: each twice the last, without end."""
        pause = self.seconds
        while True:
            yield pause
            pause = min(2 * pause, _MOST * self._least)

    def enter(self, taken: float) -> Place:
        """Return the place of a transaction that an orderer may have taken at this time."""
        place = Place(taken)
        self._queue[place] = None
        return place

    def leave(self, place: Place) -> None:
        """Give a place up."""
        self._queue.pop(place, None)

    def moved(self, place: Place) -> float:
        """Return when the queue before a place was last seen to move.

        What was taken only little later counts as before: orderers need not keep to the order by so much.
        """
        before = self._last.taken < place.taken + self._least
        return max(place.taken, self._moved) if before else place.taken

    def may_send(self, place: Place) -> bool:
        """Whether a copy may be sent from this place once the queue has stood still for long."""
        return self._lossy or place in islice(self._queue, _FOREMOST)

    def committed(self, place: Place, now: float, *, copies: int) -> None:
        """Take in that a transaction has committed, and how often it was sent."""
        self._last, self._moved = place, now
        seconds = now - place.taken
        self._lossy = copies > 1
        if self._lossy:
            return
        if self._learnt:
            self._variation += _VARIED * (abs(seconds - self._usual) - self._variation)
            self._usual += _SMOOTHED * (seconds - self._usual)
        else:
            self._usual, self._variation, self._learnt = seconds, seconds / 2, True
