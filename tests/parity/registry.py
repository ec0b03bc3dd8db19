"""The table of situations: what is tried on every engine, each under one name."""

from collections.abc import Callable
from typing import Any

from tests.parity.stage import Stage

Situation = Callable[[Stage], Any]
SITUATIONS: dict[str, Situation] = {}


class _Variant:
    """A situation that is one of several alike."""

    def __init__(self, run: Callable[[Stage, Any], Any], case: Any) -> None:
        self._run, self._case = run, case
        self.__module__ = run.__module__

    def __call__(self, stage: Stage) -> Any:
        return self._run(stage, self._case)


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
        situation(f"{area}: {name}")(_Variant(run, case))
