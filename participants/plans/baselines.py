"""What a federated model is compared with: training on pooled records, and each member alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from participants.plans.simulate import alone, pooled, simulate

if TYPE_CHECKING:
    from participants.plans.simulate import Simulation


@dataclass(frozen=True, kw_only=True)
class Baselines:
    """Accuracies on the public evaluation set after as many rounds as the federation made.

    Attributes
    ----------
    pooled_no_dp
        All members' records in one place, without privacy.
    pooled_same_epsilon
        All members' records in one place, at the federation's ε; the same as `pooled_no_dp` when it has none.
    local
        Each member by itself, under the federation's terms and so at the same ε.
    """

    pooled_no_dp: float
    pooled_same_epsilon: float
    local: tuple[float, ...]


def baselines(simulation: Simulation) -> Baselines:
    """Return the accuracies that the simulated federation is compared with.

    Only for data that are public or somebody's own to pool: no party of a real study could compute these.
    """
    without = final_accuracy(pooled(replace(simulation, privacy=None)))
    return Baselines(
        pooled_no_dp=without,
        pooled_same_epsilon=without if simulation.privacy is None else final_accuracy(pooled(simulation)),
        local=tuple(final_accuracy(alone(simulation, member)) for member in range(len(simulation.members))),
    )


def final_accuracy(simulation: Simulation) -> float:
    """Return the accuracy after the last round."""
    return simulate(simulation)[-1].accuracy
