from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from participants.training.gaussian import GaussianStream
from participants.training.secrets import KeyStream


def normals(count, key=7):
    return GaussianStream(KeyStream(bytes([key]) * 32)).normal(count)


def test_the_numbers_are_standard_normal_and_independent():
    x = normals(400_000)
    assert stats.kstest(x, "norm").pvalue > 0.001
    assert abs(np.corrcoef(x[:-1], x[1:])[0, 1]) < 0.01
    half = 1 << 14  # sines and cosines of the same pairs
    assert abs(np.corrcoef(x[:half], x[half : 2 * half])[0, 1]) < 0.04
    assert abs(np.corrcoef(x[:half] ** 2, x[half : 2 * half] ** 2)[0, 1]) < 0.04
    assert abs((x**4).mean() - 3) < 0.1


@pytest.mark.parametrize("count", [0, 1, 2, 3, 32_767, 32_769])
def test_any_count_is_given_and_finite(count):
    x = normals(count)
    assert len(x) == count
    assert np.isfinite(x).all()


def test_the_extreme_uniforms_are_finite():
    class Ends:
        def __init__(self, value):
            self.value = value

        def uint64(self, count):
            return np.full(count, self.value, dtype=np.uint64)

    for value in (0, 2**64 - 1):
        x = GaussianStream(Ends(value)).normal(2)
        assert np.isfinite(x).all()
        assert np.abs(x).max() <= 8.58


def test_the_same_key_repeats_and_another_does_not():
    assert normals(1000).tobytes() == normals(1000).tobytes()
    assert normals(1000).tobytes() != normals(1000, key=8).tobytes()
