"""How busy this machine is, for what a test bounds in time and an idle machine does in far less."""

import hashlib
import statistics
import time

_WORK_S = 0.02
_MORE_WORK_S = 0.1
_LOOKS = 3
_MOST = 12
_BYTES = bytes(4096)


def slowdown(work_s: float = _WORK_S) -> float:
    """Return how many times longer a little work takes now than it would if nobody else used the processors."""
    began, used = time.perf_counter(), time.process_time()
    while time.process_time() - used < work_s:
        hashlib.sha256(_BYTES).digest()
    return max(1.0, (time.perf_counter() - began) / work_s)


def pace() -> int:
    """Return by what a deadline is multiplied that takes part in what is tested: 1 on an idle machine, 12 at most."""
    return min(round(statistics.median(slowdown(_MORE_WORK_S) for _ in range(_LOOKS))), _MOST)
