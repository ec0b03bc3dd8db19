"""Write a new plan's directory from the template, with the columns of an author's own CSV where there is one."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np

from participants.data.csvfile import read_csv
from participants.data.errors import DataError
from participants.plans.document import MANIFEST, read_directory
from participants.plans.shipped.catalogue import installed_lock
from quorate.errors import AlreadyExistsError, StorageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from participants.data.table import Table

EXAMPLE: Final = "example.csv"
_EXAMPLE_ROWS: Final = 400
_MISSING: Final = frozenset({"", "?", "NA"})


def write_template(directory: Path, *, data: Path | None, target: str) -> list[str]:
    """Write a plan into a new or empty directory and return the names of the files.

    Without `data`, an ``example.csv`` of made-up records comes along. With `data`, the plan names its columns and
    classes; every range is 0 … 1 until the author writes the published one.

    Raises
    ------
    AlreadyExistsError
        When the directory holds something.
    DataError
        When the CSV cannot be read or lacks the target column.
    """
    if directory.exists() and any(directory.iterdir()):
        raise AlreadyExistsError(f"{directory} is not empty", hint="Name a new directory.")
    files = {"plan.py": _template("plan.py")}
    if data is None:
        files[EXAMPLE] = _example()
        columns = dict.fromkeys(("a", "b", "c"), ("-3", "3"))
        target, classes = "label", ["no", "yes"]
    else:
        table = read_csv(data, missing=_MISSING)
        if not table.rows:
            raise DataError(f"{data.name} holds no records, so its classes are not known")
        columns = {name: ("0", "1") for name in table.names if name != target}
        classes = sorted(_labels(table, target))
    files[MANIFEST] = _manifest(_plan_name(directory), columns, target, classes)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (directory / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{directory} cannot be written: {error.strerror}") from error
    read_directory(directory)
    return sorted(files)


def _manifest(name: str, columns: Mapping[str, tuple[str, str]], target: str, classes: list[str]) -> str:
    entries = [
        f'[[parameters.columns]]\nname = {json.dumps(column)}\nlow = "{low}"\nhigh = "{high}"\n'
        for column, (low, high) in columns.items()
    ]
    replacements = {
        "@NAME@": name,
        "@REQUIRES@": json.dumps(list(installed_lock())),
        "@TARGET@": json.dumps(target),
        "@CLASSES@": json.dumps(classes),
        "@COLUMNS@": "\n".join(entries),
    }
    text = _template("plan.toml")
    for mark, value in replacements.items():
        text = text.replace(mark, value)
    return text


def _plan_name(directory: Path) -> str:
    """Return a plan's name made of a directory's: lower case, and a hyphen for whatever a name cannot hold."""
    return re.sub(r"[^a-z0-9]+", "-", directory.resolve().name.lower()).strip("-")[:64] or "my-plan"


def _labels(table: Table, target: str) -> set[str]:
    column = table.column(target)
    if column.dtype.kind != "f":
        return {str(label) for label in column}
    return {str(int(value)) if value == int(value) else str(value) for value in column.astype(float)}


def _template(name: str) -> str:
    return resources.files("participants.plans.template").joinpath(name).read_text(encoding="utf-8")


def _example() -> str:
    random = np.random.default_rng(7)
    features = random.normal(size=(_EXAMPLE_ROWS, 3))
    labels = features @ (1.5, -1.0, 0.5) + random.normal(scale=0.5, size=_EXAMPLE_ROWS) > 0
    rows = ["a,b,c,label"]
    for values, label in zip(features, np.where(labels, "yes", "no"), strict=True):
        rows.append(",".join([*(f"{value:.3f}" for value in values), str(label)]))
    return "\n".join(rows) + "\n"
