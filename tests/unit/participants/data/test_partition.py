from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from participants.data.partition import divide
from quorate.errors import UsageError

TARGETS = np.array([0] * 200 + [1] * 300)


@settings(max_examples=30, deadline=None)
@given(members=st.integers(1, 6), seed=st.integers(0, 2**32))
def test_every_row_is_used_once_and_no_member_is_tiny(members, seed):
    division = divide(TARGETS, members=members, seed=seed)
    rows = np.concatenate([*division.members, division.evaluation])
    assert sorted(rows.tolist()) == list(range(500))
    assert min(len(part) for part in division.members) >= 400 / members / 2


def test_the_evaluation_set_has_every_classs_share():
    division = divide(TARGETS, members=4, seed=3)
    assert np.bincount(TARGETS[division.evaluation]).tolist() == [40, 60]


def test_the_same_seed_gives_the_same_division_and_another_seed_another():
    first, again, other = (divide(TARGETS, members=4, seed=seed) for seed in (1, 1, 2))
    assert all(a.tolist() == b.tolist() for a, b in zip(first.members, again.members, strict=True))
    assert first.members[0].tolist() != other.members[0].tolist()


def test_members_differ_in_their_classes():
    shares = [TARGETS[part].mean() for seed in range(5) for part in divide(TARGETS, members=4, seed=seed).members]
    assert max(shares) - min(shares) > 0.3


def test_too_few_records_are_refused():
    with pytest.raises(UsageError, match="cannot be divided"):
        divide(TARGETS[:30], members=4, seed=0)
