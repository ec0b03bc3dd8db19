from __future__ import annotations

import numpy as np

from participants.plans.scaling import filled, log_to_unit, relative_log_to_unit, to_unit


def test_ranges_are_mapped_and_clipped():
    features = np.array([[0.0, 5.0], [10.0, 7.5], [99.0, -1.0]])
    assert to_unit(features, (0.0, 5.0), (10.0, 10.0)).tolist() == [[-1, -1], [1, 0], [1, -1]]


def test_logarithms_keep_the_ends_of_the_range():
    scaled = log_to_unit(np.array([[0.0], [np.e - 1], [np.e**2 - 1], [1e9]]), (0.0,), (float(np.e**2 - 1),))
    assert np.allclose(scaled[:, 0], [-1, 0, 1, 1])


def test_missing_values_stay_missing_until_a_constant_is_filled_in():
    features = np.array([[np.nan, 1.0]])
    assert np.isnan(to_unit(features, (0.0, 0.0), (1.0, 1.0))[0, 0])
    assert filled(features, (0.5, 9.0)).tolist() == [[0.5, 1.0]]


def test_relative_logarithms_bend_every_magnitude_alike():
    small = relative_log_to_unit(np.array([[0.0], [0.003], [0.01]]), (0.0,), (0.01,))
    large = relative_log_to_unit(np.array([[0.0], [300.0], [1000.0]]), (0.0,), (1000.0,))
    assert np.allclose(small, large)
    assert np.allclose(small[[0, 2], 0], [-1, 1])
    assert np.allclose(small[1, 0], 2 * np.log(4) / np.log(11) - 1)
