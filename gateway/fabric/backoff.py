"""How long to wait before trying again."""

from __future__ import annotations

import random
from typing import Final

_FIRST: Final = 0.05
_MOST: Final = 1.0
_DOUBLINGS: Final = 10


def pause(attempt: int) -> float:
    """Return the seconds to wait after failed attempt 0, 1, ….

    They double from 50 ms up to 1 s, each shortened at random by up to half.
    """
    full = min(_MOST, _FIRST * 2.0 ** min(attempt, _DOUBLINGS))
    return full * random.uniform(0.5, 1.0)  # noqa: S311  # spreads clients out; nothing secret
