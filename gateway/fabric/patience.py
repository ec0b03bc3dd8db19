"""How long a transaction may be under way before its envelope is sent once more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_SMOOTHED: Final = 1 / 8
_VARIED: Final = 1 / 4
_VARIATIONS: Final = 4
_MOST: Final = 4


class Patience:
    """Learns how long commits take, as TCP learns how long an answer takes (RFC 6298).

    A copy that is sent while the first is only slow is dead weight for every peer, and slow is what a busy ledger is.
    So what is waited is the usual time and four times its variation, and twice as long after a copy had to be sent,
    until a transaction commits without (Karn's rule: who cannot tell which copy it was has learnt nothing about time).

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
        self._doubled = False

    @property
    def seconds(self) -> float:
        """How long the next transaction may be under way before it is sent once more."""
        seconds = max(self._least, self._usual + _VARIATIONS * self._variation)
        return min(seconds * (2 if self._doubled else 1), _MOST * self._least)

    def pauses(self) -> Iterator[float]:
        """Yield the pauses before one transaction's second copy, its third, …: each twice the last, without end."""
        pause = self.seconds
        while True:
            yield pause
            pause = min(2 * pause, _MOST * self._least)

    def took(self, seconds: float, *, copies: int) -> None:
        """Take in that a transaction had committed after so many seconds, sent so many times."""
        self._doubled = copies > 1
        if self._doubled:
            return
        if self._learnt:
            self._variation += _VARIED * (abs(seconds - self._usual) - self._variation)
            self._usual += _SMOOTHED * (seconds - self._usual)
        else:
            self._usual, self._variation, self._learnt = seconds, seconds / 2, True
