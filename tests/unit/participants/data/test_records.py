from __future__ import annotations

import numpy as np
import pytest

from participants.data.errors import BadValueError, DataError, WrongColumnsError
from participants.data.evaluation import decode_evaluation, encode_evaluation
from participants.data.records import records_of, require_records
from participants.data.table import Table, concatenate
from participants.plans.inputs import Inputs
from quorate.errors import UsageError

INPUTS = Inputs(columns=("b", "a"), low=(0.0, 0.0), high=(1.0, 1.0), target="y", classes=("0", "1"))
GAPS = Inputs(columns=("b", "a"), low=(0.0, 0.0), high=(1.0, 1.0), target="y", classes=("0", "1"), missing=True)


def table(**columns):
    return Table(names=tuple(columns), columns=tuple(np.array(column) for column in columns.values()))


def test_columns_come_in_the_plans_order_and_others_are_left_out():
    records = records_of(table(a=[1.0, 2.0], extra=["x", "y"], b=[3.0, 4.0], y=[1.0, 0.0]), INPUTS)
    assert records.features.tolist() == [[3.0, 1.0], [4.0, 2.0]]
    assert records.targets.tolist() == [1, 0]


def test_a_missing_column_is_named_with_what_there_is():
    with pytest.raises(WrongColumnsError, match="'b'") as caught:
        records_of(table(a=[1.0], y=[0.0]), INPUTS)
    assert "a, y" in caught.value.hint


def test_missing_values_need_a_plan_that_fills_them():
    gaps = table(a=[1.0, 2.0], b=[0.5, np.nan], y=[1.0, 0.0])
    with pytest.raises(BadValueError, match="'b' has a value that is missing or not finite in record 2") as caught:
        records_of(gaps, INPUTS)
    assert caught.value.code == "DATA_BAD_VALUE"
    assert np.isnan(records_of(gaps, GAPS).features[1, 0])


def test_infinity_is_refused_even_where_values_may_be_missing():
    with pytest.raises(BadValueError, match="record 1"):
        records_of(table(a=[np.inf], b=[0.5], y=[1.0]), GAPS)


def test_text_is_no_feature():
    with pytest.raises(BadValueError, match="'a' holds text"):
        records_of(table(a=["red"], b=[0.5], y=[1.0]), INPUTS)


def test_unknown_classes_are_named_by_record_not_by_value():
    with pytest.raises(BadValueError, match="record 2") as caught:
        records_of(table(a=[1.0, 1.0], b=[0.5, 0.5], y=[1.0, 77.0]), INPUTS)
    assert "77" not in caught.value.diagnostics()


def test_no_records_are_records():
    found = records_of(table(a=np.empty(0), b=np.empty(0), y=np.empty(0)), INPUTS)
    assert (found.features.shape, found.targets.shape) == ((0, 2), (0,))


def test_no_records_are_refused_where_that_may_be_said():
    found = records_of(table(a=np.empty(0), b=np.empty(0), y=np.empty(0)), INPUTS)
    with pytest.raises(DataError, match="no records"):
        require_records(found)


def test_tables_with_different_columns_are_not_joined():
    with pytest.raises(WrongColumnsError):
        concatenate([table(a=[1.0]), table(b=[1.0])])


@pytest.mark.parametrize(
    "change",
    [
        {"columns": ()},
        {"low": (0.0,)},
        {"high": (1.0, 0.0)},
        {"columns": ("a", "a")},
        {"target": "a"},
        {"classes": ("0",)},
        {"classes": ("0", "0")},
    ],
)
def test_inputs_without_sense_are_refused(change):
    fields = {"columns": ("b", "a"), "low": (0.0, 0.0), "high": (1.0, 1.0), "target": "y", "classes": ("0", "1")}
    with pytest.raises(UsageError):
        Inputs(**fields | change)


def test_an_evaluation_set_is_the_same_bytes_and_comes_back():
    records = records_of(table(a=[1.0, 2.0], b=[0.5, np.nan], y=[1.0, 0.0]), GAPS)
    data = encode_evaluation(records)
    assert data == encode_evaluation(records)
    back = decode_evaluation(data, GAPS)
    assert back.features.tobytes() == records.features.tobytes()
    assert back.targets.tolist() == [1, 0]
    with pytest.raises(DataError, match="missing or not finite"):
        decode_evaluation(data, INPUTS)
    with pytest.raises(DataError):
        decode_evaluation(data[:-1], GAPS)


@pytest.mark.parametrize("patients", [["p", "q", "p"], [7.0, 9.0, 7.0]])
def test_equal_cells_make_records_one_group(patients):
    data = table(a=[1.0, 2.0, 3.0], b=[0.5, 0.5, 0.5], y=[1.0, 0.0, 1.0], patient=patients)
    records = records_of(data, INPUTS, group="patient")
    assert records.groups.tolist() == [0, 1, 0]
    assert records.take(np.array([1])).groups.tolist() == [0]
    assert records_of(data, INPUTS).groups is None


@pytest.mark.parametrize("patients", [["p", ""], [7.0, np.nan]])
def test_every_record_needs_its_group(patients):
    data = table(a=[1.0, 2.0], b=[0.5, 0.5], y=[1.0, 0.0], patient=patients)
    with pytest.raises(BadValueError, match="group of record 2"):
        records_of(data, INPUTS, group="patient")
    with pytest.raises(WrongColumnsError):
        records_of(data, INPUTS, group="family")
