from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from participants.data.bindings import read_table
from participants.plans.presets import DELTA, PRESETS, preset
from participants.plans.shipped.catalogue import names
from quorate.errors import NotFoundError, UsageError
from quorate.privacy.account import compose
from quorate.privacy.conversion import epsilon
from quorate.privacy.parameters import Mechanism


@pytest.mark.parametrize("ready", PRESETS, ids=lambda ready: ready.dataset)
def test_eight_rounds_cost_less_than_two(ready):
    assert (ready.privacy.noise_multiplier, ready.privacy.sample_rate) == (Decimal(4), Fraction(1, 4))
    charge = Mechanism(noise_multiplier="4", sample_rate="1/4", steps=ready.privacy.steps_per_round)
    assert epsilon(compose([charge] * 8).spent, DELTA).nano <= 2_000_000_000


@pytest.mark.parametrize("ready", PRESETS, ids=lambda ready: ready.dataset)
def test_every_ready_study_has_its_plan(ready):
    assert ready.dataset in names()


def test_members_of_bundled_data_are_as_many_as_asked_for():
    tables = [read_table(binding) for binding in preset("breast-cancer").members(3, seed=1)]
    public = read_table(preset("breast-cancer").evaluation(3, seed=1))
    assert sum(table.rows for table in tables) + public.rows == 569


def test_heart_needs_its_directory_and_four_members():
    with pytest.raises(UsageError, match="not part of Quorate"):
        preset("heart").members(4, seed=0)
    with pytest.raises(UsageError, match="4 hospitals"):
        preset("heart").members(3, seed=0, directory=Path())


def test_other_data_have_no_ready_study():
    with pytest.raises(NotFoundError):
        preset("iris")
