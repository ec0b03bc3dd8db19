"""How busy this machine is, for tests that bound how long something takes on an idle one."""

import hashlib
import time

_WORK_S = 0.02
_BYTES = bytes(4096)


def slowdown() -> float:
    """Return how many times longer a little work takes now than it would if nobody else used the processors."""
    began, used = time.perf_counter(), time.process_time()
    while time.process_time() - used < _WORK_S:
        hashlib.sha256(_BYTES).digest()
    return max(1.0, (time.perf_counter() - began) / _WORK_S)
