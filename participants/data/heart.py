"""The four files of the UCI heart disease data: thirteen features and a diagnosis per patient, ``?`` for missing."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from participants.data.csvfile import read_csv
from participants.data.errors import BadValueError, DataNotFoundError
from participants.data.table import Table

if TYPE_CHECKING:
    from pathlib import Path

FEATURES: Final = (
    "age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal",
)  # fmt: skip
TARGET: Final = "disease"
CLASSES: Final = ("absent", "present")
_DIAGNOSIS: Final = "num"
WHERE: Final = (
    "Give the directory (--data DIR) with the four files processed.*.data of the Heart Disease data set (UCI, 1989): "
    "https://archive.ics.uci.edu/dataset/45/heart+disease"
)
"""What to do where the files are not there."""


class Hospital(StrEnum):
    """Where the patients were examined; one file each."""

    CLEVELAND = "cleveland"
    HUNGARIAN = "hungarian"
    SWITZERLAND = "switzerland"
    VA = "va"


def _path(directory: Path, hospital: Hospital) -> Path:
    return directory / f"processed.{hospital}.data"


def require_files(directory: Path) -> None:
    """Refuse a directory that lacks a hospital's file, before any work begins.

    Raises
    ------
    DataNotFoundError
        The first file that is not there.
    """
    for hospital in Hospital:
        path = _path(directory, hospital)
        if not path.is_file():
            raise DataNotFoundError(f"there is no file {path}", hint=WHERE)


def read_hospital(directory: Path, hospital: Hospital) -> Table:
    """Return a hospital's patients with the diagnosis as ``absent`` (0) or ``present`` (1 to 4).

    Raises
    ------
    DataError
        When the file is missing or a line does not have fourteen cells.
    """
    path = _path(directory, hospital)
    table = read_csv(path, missing=frozenset({"?"}), header=(*FEATURES, _DIAGNOSIS))
    diagnosis = table.column(_DIAGNOSIS)
    if diagnosis.dtype.kind != "f" or not np.isin(diagnosis, (0, 1, 2, 3, 4)).all():
        raise BadValueError(f"{path.name}: a diagnosis is not one of 0, 1, 2, 3, 4")
    disease = np.array(CLASSES)[(diagnosis.astype(np.float64) > 0).astype(np.int64)]
    return Table(names=(*FEATURES, TARGET), columns=(*table.columns[:-1], disease))
