from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from participants.data import csvfile
from participants.data.csvfile import read_csv
from participants.data.errors import BadValueError, DataNotFoundError, DataTooLargeError, WrongColumnsError

if TYPE_CHECKING:
    from pathlib import Path

MISSING = frozenset({"", "?"})


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "data.csv"
    path.write_bytes(text.encode())
    return path


def test_numbers_text_and_missing_cells(tmp_path):
    table = read_csv(written(tmp_path, 'a,b,name\n1,?,x\n2.5, 3 ,"y, z"\n'), missing=MISSING)
    assert table.names == ("a", "b", "name")
    assert table.column("a").tolist() == [1.0, 2.5]
    assert np.isnan(table.column("b")[0])
    assert table.column("b")[1] == 3.0
    assert table.column("name").tolist() == ["x", "y, z"]


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\n\n"])
def test_the_last_newline_may_be_lost_or_doubled(tmp_path, ending):
    assert read_csv(written(tmp_path, f"a\n1\n2{ending}"), missing=MISSING).rows == 2


def test_a_byte_order_mark_is_no_part_of_the_first_name(tmp_path):
    assert read_csv(written(tmp_path, "\ufeffa,b\n1,2\n"), missing=MISSING).names == ("a", "b")


def test_names_can_be_given_where_the_file_has_none(tmp_path):
    assert read_csv(written(tmp_path, "1,2\n3,4\n"), missing=MISSING, header=("x", "y")).column("y").tolist() == [2, 4]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("a,b\n1,2\n3\n", "record 2: 1 cells where 2 columns"),
        ("a,b\n1,2,3\n", "record 1: 3 cells where 2 columns"),
        ("a,a\n1,2\n", "'a' appears twice"),
        ("", "no columns"),
        ('a,b\n"1,2\n', "quotation marks"),
    ],
)
def test_wrong_columns_name_the_place(tmp_path, text, place):
    with pytest.raises(WrongColumnsError, match=place) as caught:
        read_csv(written(tmp_path, text), missing=MISSING)
    assert caught.value.code == "DATA_WRONG_COLUMNS"
    assert caught.value.exit_code == 2


def test_a_table_may_have_no_records(tmp_path):
    found = read_csv(written(tmp_path, "a,b\n"), missing=MISSING)
    assert (found.names, found.rows) == (("a", "b"), 0)


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "nan", "1e999"])
def test_numbers_that_are_not_finite_are_refused(tmp_path, cell):
    with pytest.raises(BadValueError):
        read_csv(written(tmp_path, f"a\n{cell}\n"), missing=MISSING)


def test_a_missing_file_says_so(tmp_path):
    with pytest.raises(DataNotFoundError, match="No such file") as caught:
        read_csv(tmp_path / "none.csv", missing=MISSING)
    assert caught.value.code == "DATA_NOT_FOUND"


def test_bytes_that_are_not_utf8_are_refused_without_quoting_them(tmp_path):
    path = tmp_path / "data.csv"
    path.write_bytes(b"a\nsecret\xff\n")
    with pytest.raises(BadValueError, match="byte 8") as caught:
        read_csv(path, missing=MISSING)
    assert "secret" not in str(caught.value.diagnostics())


def test_the_size_is_checked_before_reading(tmp_path, monkeypatch):
    monkeypatch.setattr(csvfile, "FILE_LIMIT", 3)
    with pytest.raises(DataTooLargeError):
        read_csv(written(tmp_path, "a\n1\n"), missing=MISSING)
