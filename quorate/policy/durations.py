"""Cedar's durations as literals."""

from __future__ import annotations

import re
from typing import Final

_FORM: Final = re.compile("-?" + "".join(f"(?:([0-9]{{1,20}}){unit})?" for unit in ("d", "h", "m", "s", "ms")))
_MILLISECONDS: Final = (86_400_000, 3_600_000, 60_000, 1000, 1)
_BITS: Final = 63


def is_duration(value: str) -> bool:
    """Tell whether a literal is a duration whose milliseconds are smaller in size than 2^63.

    With the smallest 64-bit integer engines decide differently.
    """
    found = _FORM.fullmatch(value)
    if found is None or value in {"", "-"}:
        return False
    total = sum(int(amount) * unit for amount, unit in zip(found.groups("0"), _MILLISECONDS, strict=True))
    return total.bit_length() <= _BITS
