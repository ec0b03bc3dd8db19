"""A federation in one process, and the canary: noise must be able to destroy a model."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from click.testing import CliRunner

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

from participants.data.bindings import read_table  # noqa: E402
from participants.data.records import records_of  # noqa: E402
from participants.plans.approved import AuthorsOwn  # noqa: E402
from participants.plans.baselines import final_accuracy  # noqa: E402
from participants.plans.commands import group  # noqa: E402
from participants.plans.loader import load_plan  # noqa: E402
from participants.plans.presets import DELTA, preset  # noqa: E402
from participants.plans.shipped.catalogue import shipped  # noqa: E402
from participants.plans.simulate import Simulation, alone, pooled, simulate  # noqa: E402
from quorate.privacy.account import compose  # noqa: E402
from quorate.privacy.conversion import epsilon  # noqa: E402
from quorate.privacy.parameters import Mechanism  # noqa: E402

KEY = bytes(range(32))


@pytest.fixture(scope="module")
def ready():
    study = preset("breast-cancer")
    plan = shipped("breast-cancer")
    inputs = load_plan(plan.encode(), approval=AuthorsOwn()).inputs
    return Simulation(
        plan=plan,
        members=[records_of(read_table(binding), inputs) for binding in study.members(4, seed=0)],
        evaluation=records_of(read_table(study.evaluation(4, seed=0)), inputs),
        rounds=8,
        privacy=study.privacy,
        delta=DELTA,
        key=KEY,
    )


@pytest.fixture(scope="module")
def outcomes(ready):
    return simulate(ready)


def test_the_federation_learns_within_its_budget(outcomes):
    assert outcomes[-1].accuracy >= 0.93
    assert outcomes[-1].epsilon_nano <= 2_000_000_000
    charge = Mechanism(noise_multiplier="4", sample_rate="1/4", steps=6)
    spent = [epsilon(compose([charge] * number).spent, DELTA).nano for number in range(1, 9)]
    assert [outcome.epsilon_nano for outcome in outcomes] == spent


def test_the_same_key_gives_the_same_models_and_another_others(ready, outcomes):
    again = simulate(replace(ready, rounds=2))
    assert [outcome.model for outcome in again] == [outcome.model for outcome in outcomes[:2]]
    other = simulate(replace(ready, rounds=1, key=bytes(32)))
    assert other[0].model != outcomes[0].model
    assert len({outcome.model for outcome in outcomes}) == 8


def test_canary_a_noise_multiplier_of_a_thousand_destroys_accuracy(ready, outcomes):
    """If it did not, the noise would not be in the model."""
    loud = replace(ready.privacy, noise_multiplier=Decimal(1000))
    accuracies = [final_accuracy(replace(ready, privacy=loud, key=bytes([seed]) * 32)) for seed in range(6)]
    assert np.mean(accuracies) < 0.75
    assert outcomes[-1].accuracy - np.mean(accuracies) > 0.2


def test_baselines_are_under_the_same_budget(ready, outcomes):
    assert len(pooled(ready).members[0]) == sum(len(member) for member in ready.members)
    assert pooled(ready).privacy.expected_batch_size == 4 * ready.privacy.expected_batch_size
    for baseline in (pooled(ready), alone(ready, 1)):
        assert simulate(baseline)[-1].epsilon_nano == outcomes[-1].epsilon_nano
    assert len(alone(ready, 1).members) == 1


def test_without_privacy_nothing_is_charged_and_pooling_makes_as_many_steps(ready):
    without = replace(ready, privacy=None, rounds=2)
    assert [outcome.epsilon_nano for outcome in simulate(without)] == [None, None]
    assert pooled(without).rounds == 8


def test_digits_without_privacy():
    study, plan = preset("digits"), shipped("digits")
    inputs = load_plan(plan.encode(), approval=AuthorsOwn()).inputs
    simulation = Simulation(
        plan=plan,
        members=[records_of(read_table(binding), inputs) for binding in study.members(4, seed=1)],
        evaluation=records_of(read_table(study.evaluation(4, seed=1)), inputs),
        rounds=8,
        privacy=None,
        delta=DELTA,
        key=KEY,
    )
    assert final_accuracy(simulation) >= 0.93


def test_the_commands_try_a_new_plan_on_a_csv(tmp_path):
    def run(*arguments):
        result = CliRunner().invoke(group, [str(argument) for argument in arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result

    directory, written = tmp_path / "plan", tmp_path / "plan.json"
    run("new", directory)
    checked = json.loads(run("check", directory, "--write", written, "--format", "json").stdout)
    assert checked["digest"].startswith("sha256:")
    assert len(checked["passed"]) == 7
    options = ("--data", directory / "example.csv", "--members", 3, "--rounds", 2, "--format", "json")
    result = run("simulate", written, *options)
    rows = json.loads(result.stdout)
    assert [row["round"] for row in rows] == [1, 2]
    assert rows[0]["epsilon_nano"] < rows[1]["epsilon_nano"]
    assert rows[1]["epsilon_pld"] <= rows[1]["epsilon"]
    assert "Noise comes from a seed" in result.stderr
    assert f"{rows[1]['epsilon']:.4f} " in run("simulate", written, *options[:-2]).stdout
    assert "no ledger" in result.stderr
    without = run("simulate", directory, *options, "--no-dp")
    assert [row["epsilon"] for row in json.loads(without.stdout)] == [None, None]
    assert "not private at all" in without.stderr
    assert "Noise" not in without.stderr
