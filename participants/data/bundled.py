"""The data sets that come with scikit-learn: real, small, no download."""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from participants.data.table import Table


class Bundled(StrEnum):
    """The data sets by name."""

    BREAST_CANCER = "breast-cancer"
    DIGITS = "digits"


def read_bundled(name: Bundled) -> Table:
    """Return a bundled data set with its published column names and, for the class, its published label."""
    from sklearn import datasets  # noqa: PLC0415 - half a second that other bindings need not pay

    load = {Bundled.BREAST_CANCER: datasets.load_breast_cancer, Bundled.DIGITS: datasets.load_digits}[name]
    bunch = load()
    features = np.asarray(bunch.data, dtype=np.float64)
    labels = np.array([str(label) for label in bunch.target_names], dtype=np.str_)
    names = tuple(str(column) for column in bunch.feature_names)
    target = {Bundled.BREAST_CANCER: "diagnosis", Bundled.DIGITS: "digit"}[name]
    return Table(names=(*names, target), columns=(*np.ascontiguousarray(features.T), labels[bunch.target]))
