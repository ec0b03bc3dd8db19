"""How busy this machine is, for what a test bounds in time and an idle machine does in far less."""

import hashlib
import math
import time

_WORK_S = 0.02
_LOOKS = 3
_BYTES = bytes(4096)


def slowdown() -> float:
    """Return how many times longer a little work takes now than it would if nobody else used the processors."""
    began, used = time.perf_counter(), time.process_time()
    while time.process_time() - used < _WORK_S:
        hashlib.sha256(_BYTES).digest()
    return max(1.0, (time.perf_counter() - began) / _WORK_S)


def pace() -> int:
    """Return by what a deadline is multiplied that takes part in what is tested: 1 on an idle machine."""
    return math.ceil(max(slowdown() for _ in range(_LOOKS)) - 0.5)
