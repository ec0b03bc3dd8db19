"""Answers as tables, JSON, JSON Lines and CSV."""

import csv
import io

import pytest

from quorate.cli.output import Column
from quorate.cli.rows import RowFormat, csv_of, print_answer


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\u00a0-2", "\ufeff@x", "==", "-"]
)
def test_no_spreadsheet_takes_a_text_for_a_formula(text):
    [row] = csv.DictReader(io.StringIO(csv_of([{"a": text}], names=["a"]), newline=""))
    assert row["a"] == f"'{text}"


def test_other_values_stay_what_they_are():
    row = {"a": 17, "b": None, "c": True, "d": ["x", "y"], "e": "plain, with = inside", "f": 'a "quoted" word'}
    [read] = csv.DictReader(io.StringIO(csv_of([row], names=list(row)), newline=""))
    assert read == {"a": "17", "b": "", "c": "yes", "d": "x; y", "e": "plain, with = inside", "f": 'a "quoted" word'}


@pytest.mark.parametrize("format_", RowFormat)
def test_notes_are_told_apart_from_data(format_, capsys):
    rows = [{"name": "n", "claimed_time": 1_795_000_000_000}]
    columns = [Column(key="name", title="name"), Column(key="claimed_time", title="claimed")]
    print_answer({"notes": ["Read this."]}, rows, columns=columns, format_=format_)
    out, err = capsys.readouterr()
    assert "n" in out
    assert ("Read this." in err) == (format_ is not RowFormat.JSON)
    assert ("2026-11-18 11:06:40" in out) == (format_ is RowFormat.TABLE)
