import pytest

from quorate.errors import UsageError
from quorate.tensors import DType, Header
from tests.unit.quorate.tensors.samples import BASE, INITIAL, MODEL, UPDATE

FIELDS = {"kind": "update", "study": "s-1", "round": 2, "msp": "AlderMSP", "dataset": "wards", "base": BASE}


def test_an_update_is_int32_and_a_model_int64():
    assert [header.dtype for header in (UPDATE, MODEL, INITIAL)] == [DType.I32, DType.I64, DType.I64]
    assert [dtype.size for dtype in DType] == [4, 8]
    assert [dtype.little.str for dtype in DType] == ["<i4", "<i8"]


def test_the_metadata_of_each_kind():
    assert UPDATE.to_json() == {"schema": "quorate.tensors/1", **FIELDS}
    assert MODEL.to_json() == UPDATE.to_json() | {"kind": "model", "msp": "", "dataset": ""}
    assert INITIAL.to_json() == MODEL.to_json() | {"round": 0, "base": ""}


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "gradient"},
        {"study": ""},
        {"study": "S"},
        {"round": 0},
        {"round": 1_000_000},
        {"msp": ""},
        {"msp": "a~b"},
        {"dataset": ""},
        {"base": ""},
        {"base": "sha256:0"},
        {"kind": "model"},
        {"kind": "model", "msp": ""},
        {"kind": "model", "dataset": ""},
        {"kind": "model", "msp": "", "dataset": "", "base": ""},
        {"kind": "model", "msp": "", "dataset": "", "round": 0},
        {"kind": "model", "msp": "", "dataset": "", "round": -1},
    ],
    ids=str,
)
def test_other_combinations_are_refused(change):
    with pytest.raises(UsageError):
        Header(**FIELDS | change)
