"""How good the models are: breast-cancer at ε ≤ 2 and digits without privacy, mean over seeds, in one process.

Prints JSON; ``python tests/benchmarks/bench_accuracy.py [seeds]``. Each seed has its own division among members, own
evaluation set and its own injected noise key. No constant of a plan was computed from rows; learning rate and clipping
norm were chosen by mean accuracy over other random divisions of the same public data.
"""

import json
import os
import sys
import time
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch: small products gain nothing from threads

from participants.data.bindings import read_table
from participants.data.records import records_of
from participants.plans.approved import AuthorsOwn
from participants.plans.baselines import baselines, final_accuracy
from participants.plans.loader import load_plan
from participants.plans.presets import DELTA, preset
from participants.plans.shipped.catalogue import shipped
from participants.plans.simulate import Simulation, simulate

SEEDS = 20
MEMBERS = 4
ROUNDS = 8

TARGETS = {
    "breast_cancer.federated": 0.945,
    "breast_cancer.above_members_alone": 0.015,
    "breast_cancer.epsilon_at_most": 2.0,
    "digits.federated": 0.93,
}


@dataclass(frozen=True, kw_only=True)
class Seed:
    """One seed's accuracies."""

    federated: float
    alone: float
    pooled_same_epsilon: float
    pooled_no_dp: float
    epsilon_nano: int


def run(seeds: int = SEEDS) -> dict[str, Any]:
    """Return mean and deviation of every accuracy, and whether each target is met."""
    started = time.perf_counter()
    cancer = [one(simulation("breast-cancer", seed, private=True)) for seed in range(seeds)]
    digits = [final_accuracy(simulation("digits", seed, private=False)) for seed in range(seeds)]
    found: dict[str, Any] = {
        "schema": "quorate.bench.accuracy/1",
        "seeds": seeds,
        "breast_cancer": summary(cancer) | {"epsilon_ledger": cancer[0].epsilon_nano / 1e9, "delta": DELTA},
        "digits": spread(digits),
        "targets": TARGETS,
        "seconds": round(time.perf_counter() - started, 1),
    }
    found["met"] = met(found)
    return found


def simulation(dataset: str, seed: int, *, private: bool) -> Simulation:
    """Return one seed's federation."""
    study, plan = preset(dataset), shipped(dataset)
    inputs = load_plan(plan.encode(), approval=AuthorsOwn()).inputs
    return Simulation(
        plan=plan,
        members=[records_of(read_table(binding), inputs) for binding in study.members(MEMBERS, seed=seed)],
        evaluation=records_of(read_table(study.evaluation(MEMBERS, seed=seed)), inputs),
        rounds=ROUNDS,
        privacy=study.privacy if private else None,
        delta=DELTA,
        key=seed.to_bytes(32, "big"),
    )


def one(federation: Simulation) -> Seed:
    """Run a federation and everything that it is compared with."""
    last, compared = simulate(federation)[-1], baselines(federation)
    return Seed(
        federated=last.accuracy,
        alone=fmean(compared.local),
        pooled_same_epsilon=compared.pooled_same_epsilon,
        pooled_no_dp=compared.pooled_no_dp,
        epsilon_nano=last.epsilon_nano or 0,
    )


def summary(results: list[Seed]) -> dict[str, Any]:
    """Return the means of everything."""
    return spread([result.federated for result in results]) | {
        "members_alone": round(fmean(result.alone for result in results), 4),
        "above_members_alone": round(fmean(result.federated - result.alone for result in results), 4),
        "pooled_same_epsilon": round(fmean(result.pooled_same_epsilon for result in results), 4),
        "pooled_no_dp": round(fmean(result.pooled_no_dp for result in results), 4),
    }


def spread(federated: list[float]) -> dict[str, float | None]:
    """Return the mean of the federations' accuracies, and its standard error."""
    error = stdev(federated) / len(federated) ** 0.5 if len(federated) > 1 else None
    return {"federated": round(fmean(federated), 4), "standard_error": None if error is None else round(error, 4)}


def met(found: dict[str, Any]) -> bool:
    """Tell whether every target is met."""
    cancer, digits = found["breast_cancer"], found["digits"]
    return bool(
        cancer["federated"] >= TARGETS["breast_cancer.federated"]
        and cancer["above_members_alone"] >= TARGETS["breast_cancer.above_members_alone"]
        and cancer["epsilon_ledger"] <= TARGETS["breast_cancer.epsilon_at_most"]
        and digits["federated"] >= TARGETS["digits.federated"]
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else SEEDS), indent=2) + "\n")
