from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from participants.data.bindings import (
    BundledBinding,
    CsvBinding,
    HeartBinding,
    NpzBinding,
    Slice,
    parse_binding,
    read_table,
)
from participants.data.errors import BadValueError, DataNotFoundError, WrongColumnsError
from participants.data.heart import Hospital
from quorate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

SIZES = {"cleveland": 60, "hungarian": 50, "switzerland": 40, "va": 30}


@pytest.fixture
def heart(tmp_path: Path) -> Path:
    """The four files' form: missing values, numbers as published, one file without its last newline."""
    for seed, (name, size) in enumerate(SIZES.items()):
        random = np.random.default_rng(seed)
        lines = []
        for i in range(size):
            cells = [*random.integers(0, 200, 10).astype(str), "?", f"{random.uniform(0, 4):.1f}", "?", str(i % 5)]
            lines.append(",".join(cells))
        text = "\n".join(lines) + ("" if name == "hungarian" else "\n")
        (tmp_path / f"processed.{name}.data").write_text(text)
    return tmp_path


def test_a_configurations_table_becomes_a_binding():
    assert parse_binding({"kind": "csv", "path": "a.csv", "missing": ["?"]}) == CsvBinding(path="a.csv", missing=("?",))
    bundled = {"kind": "bundled", "name": "digits", "slice": {"seed": 1, "members": 4, "part": "evaluation"}}
    assert parse_binding(bundled) == BundledBinding(name="digits", slice=Slice(seed=1, members=4, part="evaluation"))


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"kind": "sql"}, "its top"),
        ({"path": "a.csv"}, "its top"),
        ({"kind": "csv"}, "csv.path"),
        ({"kind": "csv", "path": "a.csv", "colour": 1}, "csv.colour"),
        ({"kind": "bundled", "name": "iris"}, "bundled.name"),
        ({"kind": "bundled", "name": "digits", "slice": {"seed": -1, "members": 4, "part": 0}}, "bundled.slice.seed"),
        ([], "its top"),
    ],
)
def test_other_tables_are_refused_with_the_place(document, place):
    with pytest.raises(UsageError, match=f"at {place}"):
        parse_binding(document)


def test_bindings_survive_json():
    binding = HeartBinding(directory="/data/heart", hospital=Hospital.VA, slice=Slice(seed=1, members=1, part=0))
    assert parse_binding(binding.model_dump(mode="json")) == binding


def test_bundled_parts_are_disjoint_and_complete():
    slices = [*range(4), "evaluation"]
    parts = [
        read_table(BundledBinding(name="breast-cancer", slice=Slice(seed=5, members=4, part=part))) for part in slices
    ]
    whole = read_table(BundledBinding(name="breast-cancer"))
    assert whole.rows == 569
    assert sum(part.rows for part in parts) == 569
    rows = {row for part in parts for row in zip(*part.columns, strict=True)}
    assert len(rows) == 569
    assert set(whole.column("diagnosis").tolist()) == {"malignant", "benign"}


def test_a_part_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="part 4 of 4"):
        read_table(BundledBinding(name="breast-cancer", slice=Slice(seed=5, members=4, part=4)))


def test_hospitals_are_read_with_missing_values_and_without_last_newline(heart):
    for name, size in SIZES.items():
        assert read_table(HeartBinding(directory=heart, hospital=name)).rows == size
    table = read_table(HeartBinding(directory=heart))
    assert table.rows == sum(SIZES.values())
    assert np.isnan(table.column("slope")).all()
    assert set(table.column("disease").tolist()) == {"absent", "present"}


def test_members_and_evaluation_of_the_hospitals_are_disjoint(heart):
    def rows(**fields):
        table = read_table(HeartBinding(directory=heart, **fields))
        return {
            tuple("?" if isinstance(x, float) and np.isnan(x) else x for x in row)
            for row in zip(*[column.tolist() for column in table.columns], strict=True)
        }

    members = [rows(hospital=name, slice=Slice(seed=2, members=1, part=0)) for name in SIZES]
    public = rows(slice=Slice(seed=2, members=1, part="evaluation"))
    assert sum(len(part) for part in members) + len(public) == sum(SIZES.values())
    assert not any(part & public for part in members)


def test_a_hospital_without_its_file_or_with_a_strange_diagnosis_is_refused(heart):
    (heart / "processed.va.data").unlink()
    with pytest.raises(DataNotFoundError, match=r"processed\.va\.data"):
        read_table(HeartBinding(directory=heart, hospital="va"))
    (heart / "processed.va.data").write_text("63,1,4,140,260,0,1,112,1,3,2,?,?,9\n")
    with pytest.raises(BadValueError, match="diagnosis"):
        read_table(HeartBinding(directory=heart, hospital="va"))
    (heart / "processed.va.data").write_text("63,1,4\n")
    with pytest.raises(WrongColumnsError, match="3 cells where 14"):
        read_table(HeartBinding(directory=heart, hospital="va"))


def test_an_archive_becomes_flat_columns(tmp_path):
    path = tmp_path / "images.npz"
    np.savez(path, features=np.arange(12, dtype=np.uint8).reshape(3, 2, 2), target=np.array([0, 1, 1]))
    table = read_table(NpzBinding(path=path))
    assert table.names == ("x0", "x1", "x2", "x3", "target")
    assert table.column("x3").tolist() == [3, 7, 11]


@pytest.mark.parametrize(
    ("arrays", "error"),
    [
        ({"features": np.zeros((3, 2))}, WrongColumnsError),
        ({"features": np.zeros((3, 2)), "target": np.zeros(4)}, WrongColumnsError),
        ({"features": np.zeros(3), "target": np.zeros(3)}, WrongColumnsError),
        ({"features": np.array([["a"], ["b"]]), "target": np.zeros(2)}, BadValueError),
        ({"features": np.array([[None]], dtype=object), "target": np.zeros(1)}, BadValueError),
    ],
)
def test_archives_of_another_form_are_refused(tmp_path, arrays, error):
    path = tmp_path / "images.npz"
    np.savez(path, **arrays)
    with pytest.raises(error):
        read_table(NpzBinding(path=path))


def test_no_archive_at_all_is_refused(tmp_path):
    path = tmp_path / "images.npz"
    with pytest.raises(DataNotFoundError):
        read_table(NpzBinding(path=path))
    path.write_bytes(b"not an archive")
    with pytest.raises(BadValueError):
        read_table(NpzBinding(path=path))
