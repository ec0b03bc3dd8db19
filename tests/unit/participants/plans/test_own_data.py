"""Whose records a simulation trains on: one file's, divided, or a file of each member."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from participants.data.errors import DataError
from participants.plans.inputs import Inputs
from participants.plans.own_data import shared_out
from quorate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

INPUTS = Inputs(columns=("a",), low=(0.0,), high=(1000.0,), target="label", classes=("no", "yes"))


def csv(path: Path, values: range) -> Path:
    path.write_text("a,label\n" + "".join(f"{value},{'yes' if value % 2 else 'no'}\n" for value in values))
    return path


def test_one_file_is_divided(tmp_path: Path):
    members, evaluation = shared_out(INPUTS, [csv(tmp_path / "all.csv", range(100))], members=None, seed=0)
    assert (len(members), len(evaluation)) == (4, 20)
    everything = np.concatenate([part.features[:, 0] for part in (*members, evaluation)])
    assert sorted(everything.tolist()) == list(range(100))
    assert len(shared_out(INPUTS, [tmp_path / "all.csv"], members=2, seed=0)[0]) == 2


def test_of_several_files_each_is_one_members(tmp_path: Path):
    files = [csv(tmp_path / "first.csv", range(20)), csv(tmp_path / "second.csv", range(500, 600))]
    members, evaluation = shared_out(INPUTS, files, members=None, seed=0)
    assert [len(part) for part in members] == [16, 80]
    assert members[0].features.max() < 20
    assert members[1].features.min() >= 500
    assert sorted(evaluation.features[:, 0] >= 500) == [False] * 4 + [True] * 20


def test_other_numbers_of_members_than_files_and_other_columns_are_refused(tmp_path: Path):
    files = [csv(tmp_path / "first.csv", range(20)), csv(tmp_path / "second.csv", range(20))]
    with pytest.raises(UsageError, match="3 members cannot have 2 files"):
        shared_out(INPUTS, files, members=3, seed=0)
    (tmp_path / "third.csv").write_text("b,label\n1,yes\n")
    with pytest.raises(DataError):
        shared_out(INPUTS, [*files, tmp_path / "third.csv"], members=None, seed=0)
