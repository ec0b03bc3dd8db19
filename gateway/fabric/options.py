"""How long to wait, and how much at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from quorate.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """Seconds that each step may take, retries included. Every wait of the client has one.

    `queue` bounds the wait for a free place under `Limits`, before the step itself begins. `reconnect` is how long a
    broken event stream tries to resume. `block` is the longest pause between two blocks of `Network.blocks`.
    `resubmit` is how long `Contract.submit` at least waits for a block before it sends the same envelope again.
    """

    evaluate: float = 5.0
    endorse: float = 15.0
    submit: float = 5.0
    commit_status: float = 60.0
    queue: float = 60.0
    reconnect: float = 60.0
    block: float = 30.0
    resubmit: float = 2.0

    def __post_init__(self) -> None:
        for each in fields(self):
            seconds_of(getattr(self, each.name), each.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Calls in flight at once, by step, and open event streams.

    A peer serves 500 gateway calls of all its clients together, waiting commit-status calls and event streams
    included; the defaults leave half of that to others. Each step has its own places, so that many transactions at
    once flow through the steps instead of all queueing at the first.
    """

    evaluate: int = 50
    endorse: int = 50
    submit: int = 50
    commit_status: int = 80
    streams: int = 20

    def __post_init__(self) -> None:
        for each in fields(self):
            if getattr(self, each.name) < 1:
                raise UsageError(f"the limit {each.name} must be at least 1, not {getattr(self, each.name)}")


def seconds_of(value: float, name: str) -> float:
    """Return a number of seconds that is finite and above zero, or raise `UsageError`."""
    if not (math.isfinite(value) and value > 0):
        raise UsageError(f"the deadline {name} must be a finite number of seconds above zero, not {value}")
    return float(value)
