import itertools
import pickle
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.aggregation import InvalidUpdate, Reason, UpdateTerms, validate_update
from quorate.digest import digest_of
from quorate.errors import IntegrityError, UsageError
from quorate.fixedpoint import MAX_BOUND
from quorate.tensors import Fault, Header, Schema, TensorSpec, encode
from tests.unit.quorate.tensors.samples import BASE, MODEL, SCHEMA, UPDATE, arrays, counting

TERMS = UpdateTerms(schema=SCHEMA, header=UPDATE, bound=20)
GOOD = encode(SCHEMA, UPDATE, counting(SCHEMA, UPDATE))
FIELDS = {"study": "s-1", "round": 2, "msp": "AlderMSP", "dataset": "wards", "base": BASE}
RENAMED = Schema((TensorSpec("b", (3, 5)), *SCHEMA.tensors[1:]))
TURNED = Schema((TensorSpec("layer.weight", (5, 3)), *SCHEMA.tensors[1:]))


def update_of(*, schema=SCHEMA, **fields):
    header = Header.update(**FIELDS | fields)
    return encode(schema, header, counting(schema, header))


INVALID = {
    Reason.HEADER: GOOD[:100],
    Reason.DTYPE: GOOD.replace(b'"dtype":"I32"', b'"dtype":"F32"'),
    Reason.KIND: encode(SCHEMA, MODEL, counting(SCHEMA, MODEL)),
    Reason.STUDY: update_of(study="s-2"),
    Reason.ROUND: update_of(round=1),
    Reason.MEMBER: update_of(msp="BirchMSP"),
    Reason.DATASET: update_of(dataset="clinics"),
    Reason.BASE: update_of(base=digest_of(b"stale")),
    Reason.NAMES: update_of(schema=RENAMED),
    Reason.SHAPES: update_of(schema=TURNED),
    Reason.SIZE: GOOD + b"\x00",
    Reason.BOUND: encode(SCHEMA, UPDATE, arrays(SCHEMA, UPDATE, [-21] + [0] * 20)),
}


def reason_of(data, terms=TERMS):
    with pytest.raises(InvalidUpdate) as raised:
        validate_update(data, terms=terms)
    return raised.value.reason


def test_a_good_update_is_valid(tmp_path):
    path = tmp_path / "update"
    path.write_bytes(GOOD)
    validate_update(GOOD, terms=TERMS)
    validate_update(path, terms=TERMS, digest=digest_of(GOOD))
    with path.open("rb") as file:
        validate_update(file, terms=TERMS)


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_found(reason):
    assert reason_of(INVALID[reason]) is reason


def test_every_fault_of_a_file_is_a_reason():
    assert {fault.value for fault in Fault} | {"bound"} == {reason.value for reason in Reason}


@pytest.mark.parametrize("value", [20, -20])
def test_the_bound_itself_is_within(value):
    validate_update(encode(SCHEMA, UPDATE, arrays(SCHEMA, UPDATE, [value] * 21)), terms=TERMS)


@pytest.mark.parametrize("value", [21, -21, MAX_BOUND, -(2**31)])
@pytest.mark.parametrize("place", [0, 20])
def test_one_element_beyond_the_bound_is_enough(value, place):
    values = [0] * 21
    values[place] = value
    assert reason_of(encode(SCHEMA, UPDATE, arrays(SCHEMA, UPDATE, values))) is Reason.BOUND


def test_the_smallest_int32_is_never_valid():
    widest = UpdateTerms(schema=SCHEMA, header=UPDATE, bound=MAX_BOUND)
    validate_update(encode(SCHEMA, UPDATE, arrays(SCHEMA, UPDATE, [-MAX_BOUND] * 21)), terms=widest)
    assert reason_of(encode(SCHEMA, UPDATE, arrays(SCHEMA, UPDATE, [-(2**31)] * 21)), widest) is Reason.BOUND


def test_the_earlier_reason_is_named_when_several_are_wrong():
    in_order = [Reason.STUDY, Reason.ROUND, Reason.MEMBER, Reason.DATASET, Reason.BASE, Reason.NAMES]
    wrong = {
        Reason.STUDY: {"study": "s-2"},
        Reason.ROUND: {"round": 1},
        Reason.MEMBER: {"msp": "BirchMSP"},
        Reason.DATASET: {"dataset": "clinics"},
        Reason.BASE: {"base": digest_of(b"stale")},
        Reason.NAMES: {"schema": RENAMED},
    }
    for first, second in itertools.combinations(in_order, 2):
        assert reason_of(update_of(**wrong[first], **wrong[second])) is first


def test_wrong_bytes_are_not_an_invalid_update():
    with pytest.raises(IntegrityError) as raised:
        validate_update(GOOD, terms=TERMS, digest=digest_of(b"other"))
    assert not isinstance(raised.value, InvalidUpdate)


@given(st.binary(max_size=200))
def test_noise_is_invalid_and_nothing_worse(data):
    assert reason_of(data) is Reason.HEADER


def verdict(data):
    """The reason why the update is invalid, None when it is valid."""
    try:
        validate_update(data, terms=TERMS)
    except InvalidUpdate as error:
        return error.reason
    return None


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=4))
def test_damage_is_found_in_the_header_and_bounded_in_the_numbers(place, damage):
    damaged = GOOD[:place] + damage + GOOD[place + len(damage) :]
    start = len(GOOD) - 21 * 4
    if damaged[:start] != GOOD[:start]:
        assert verdict(damaged) is not None
    elif len(damaged) != len(GOOD):
        assert verdict(damaged) is Reason.SIZE
    else:
        largest = max(abs(value) for (value,) in struct.iter_unpack("<i", damaged[start:]))
        assert verdict(damaged) is (Reason.BOUND if largest > TERMS.bound else None)


def test_only_updates_have_terms():
    with pytest.raises(UsageError, match="only an update"):
        UpdateTerms(schema=SCHEMA, header=MODEL, bound=1)
    for bound in (0, MAX_BOUND + 1):
        with pytest.raises(UsageError, match="the bound"):
            UpdateTerms(schema=SCHEMA, header=UPDATE, bound=bound)


def test_the_finding_survives_the_way_between_processes():
    error = pickle.loads(pickle.dumps(InvalidUpdate(Reason.BOUND, "too large")))  # noqa: S301 (our own bytes)
    assert (type(error), error.reason, error.message) == (InvalidUpdate, Reason.BOUND, "too large")
