"""The table of situations: what is tried on every engine, each under one name."""

from collections.abc import Callable
from typing import Any

from tests.parity.stage import Stage

Situation = Callable[[Stage], Any]
SITUATIONS: dict[str, Situation] = {}


def situation(name: str) -> Callable[[Situation], Situation]:
    """Enter a function into the table; what it returns is the observation, plain data."""

    def enter(function: Situation) -> Situation:
        if name in SITUATIONS:
            raise ValueError(f"two situations are called {name!r}")
        SITUATIONS[name] = function
        return function

    return enter


def variants(area: str, cases: dict[str, Any], run: Callable[[Stage, Any], Any]) -> None:
    """Enter one situation for each case."""
    for name, case in cases.items():
        situation(f"{area}: {name}")(lambda stage, case=case: run(stage, case))
