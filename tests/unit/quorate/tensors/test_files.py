import io
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load as official_load

from quorate.digest import digest_of
from quorate.errors import IntegrityError, UsageError
from quorate.tensors import Fault, Header, Reader, Schema, TensorFileError, TensorSpec, Writer, encode, write
from tests.unit.quorate.tensors.samples import BASE, INITIAL, MODEL, SCHEMA, UPDATE, arrays, counting
from tests.vectors.load import load

FILES = load("tensors.json")["files"]
GOOD = encode(SCHEMA, UPDATE, counting(SCHEMA, UPDATE))

shapes = st.lists(st.integers(1, 4), max_size=3).map(tuple)
schemas = st.dictionaries(
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_./-]{0,12}", fullmatch=True), shapes, min_size=1, max_size=5
)


def fault_of(data, schema=SCHEMA, header=UPDATE):
    with pytest.raises(TensorFileError) as raised:
        Reader(data, schema, header)
    return raised.value.fault


@pytest.mark.parametrize("case", FILES, ids=lambda case: case["name"])
def test_pinned_files(case):
    schema = Schema.from_json(case["tensors"])
    header = Header(**case["metadata"])
    values = [int(value) for value in case["values"]]
    file = encode(schema, header, arrays(schema, header, values))
    assert file.hex() == case["file"]
    assert digest_of(file) == case["digest"]
    with Reader(file, schema, header) as reader:
        assert np.concatenate(list(reader.chunks())).tolist() == values


@given(schemas, st.sampled_from([UPDATE, MODEL, INITIAL]), st.integers(1, 100), st.randoms(use_true_random=False))
def test_a_file_comes_back_here_and_in_the_official_library(shapes_by_name, header, chunk_bytes, rng):
    schema = Schema(tuple(TensorSpec(name, shape) for name, shape in shapes_by_name.items()))
    limit = 2 ** (8 * header.dtype.size - 1)
    values = [rng.randrange(-limit, limit) for _ in range(schema.elements)]
    given_arrays = arrays(schema, header, values)
    file = encode(schema, header, given_arrays)
    official = official_load(file)
    with Reader(file, schema, header, digest=digest_of(file)) as reader:
        ours = reader.read_arrays()
        assert np.concatenate(list(reader.chunks(chunk_bytes))).tolist() == values
    for found in (official, ours):
        assert set(found) == set(given_arrays)
        for name, array in given_arrays.items():
            assert found[name].shape == array.shape
            assert found[name].dtype == array.dtype
            assert (found[name] == array).all()


def test_chunks_have_the_asked_size_and_never_less_than_one_element():
    with Reader(GOOD, SCHEMA, UPDATE) as reader:
        assert [chunk.size for chunk in reader.chunks(40)] == [10, 10, 1]
        assert [chunk.size for chunk in reader.chunks(43)] == [10, 10, 1]
        assert [chunk.size for chunk in reader.chunks(1)] == [1] * 21
        assert [chunk.size for chunk in reader.chunks()] == [21]


def test_every_flipped_bit_of_the_header_is_refused():
    start = len(GOOD) - SCHEMA.elements * 4
    for place in range(start):
        for bit in range(8):
            flipped = bytearray(GOOD)
            flipped[place] ^= 1 << bit
            fault_of(bytes(flipped))


def test_every_truncation_and_every_addition_is_refused():
    for length in range(len(GOOD)):
        assert fault_of(GOOD[:length]) in {Fault.HEADER, Fault.SIZE}
    assert fault_of(GOOD + b"\x00") is Fault.SIZE
    assert fault_of(GOOD + GOOD) is Fault.SIZE


@pytest.mark.parametrize(
    ("fault", "change"),
    [
        (Fault.STUDY, {"study": "s-2"}),
        (Fault.ROUND, {"round": 3}),
        (Fault.MEMBER, {"msp": "BirchMSP"}),
        (Fault.DATASET, {"dataset": "clinics"}),
        (Fault.BASE, {"base": digest_of(b"other")}),
    ],
)
def test_the_first_difference_is_named(fault, change):
    expected = Header.update(
        **{"study": "s-1", "round": 2, "msp": "AlderMSP", "dataset": "wards", "base": BASE} | change
    )
    assert fault_of(GOOD, header=expected) is fault


def test_another_kind_name_or_shape_is_named():
    assert fault_of(GOOD, header=MODEL) is Fault.KIND
    renamed = Schema((TensorSpec("layer.weights", (3, 5)), *SCHEMA.tensors[1:]))
    assert fault_of(GOOD, schema=renamed) is Fault.NAMES
    assert fault_of(GOOD, schema=Schema(SCHEMA.tensors[::-1])) is Fault.NAMES
    assert fault_of(GOOD, schema=Schema(SCHEMA.tensors[:2])) is Fault.NAMES
    turned = Schema((TensorSpec("layer.weight", (5, 3)), *SCHEMA.tensors[1:]))
    assert fault_of(GOOD, schema=turned) is Fault.SHAPES


def test_a_file_with_a_longer_header_than_expected_is_compared_whole():
    longer = Header.update(study="s-1" + "x" * 40, round=2, msp="AlderMSP", dataset="wards", base=BASE)
    assert fault_of(encode(SCHEMA, longer, counting(SCHEMA, longer))) is Fault.STUDY
    assert fault_of(GOOD, header=longer) is Fault.STUDY


def test_a_digest_is_checked_at_the_end_of_every_pass():
    changed = GOOD[:-1] + bytes([GOOD[-1] ^ 1])
    with Reader(changed, SCHEMA, UPDATE, digest=digest_of(GOOD)) as reader:
        for _ in range(2):
            with pytest.raises(IntegrityError, match=digest_of(changed)):
                list(reader.chunks(8))
    with Reader(changed, SCHEMA, UPDATE) as reader:
        with pytest.raises(IntegrityError):
            list(reader.chunks(8, digest=digest_of(GOOD)))
        assert len(list(reader.chunks(8, digest=digest_of(changed)))) == 11


def test_a_file_that_shrinks_is_noticed(tmp_path):
    schema = Schema((TensorSpec("w", (100_000,)),))
    path = tmp_path / "update"
    write(path, schema, UPDATE, counting(schema, UPDATE))
    with Reader(path, schema, UPDATE) as reader:
        os.truncate(path, path.stat().st_size - 1)
        with pytest.raises(TensorFileError) as raised:
            reader.read_arrays()
    assert raised.value.fault is Fault.SIZE


def test_a_path_is_closed_and_an_open_file_is_not(tmp_path):
    path = tmp_path / "update"
    assert write(path, SCHEMA, UPDATE, counting(SCHEMA, UPDATE)) == digest_of(GOOD)
    with Reader(path, SCHEMA, UPDATE) as reader:
        inner = reader._file
    assert inner.closed
    with path.open("rb") as file:
        file.seek(3)
        with Reader(file, SCHEMA, UPDATE) as reader:
            assert reader.read_arrays()["a"] == 20
        assert not file.closed


def test_chunks_cannot_be_changed_by_their_reader():
    with Reader(GOOD, SCHEMA, UPDATE) as reader:
        (chunk,) = reader.chunks()
        with pytest.raises(ValueError, match="read-only"):
            chunk[0] = 1


def test_arrays_must_be_those_of_the_schema(tmp_path):
    good = counting(SCHEMA, UPDATE)
    path = tmp_path / "update"
    for bad in (
        {},
        {name: good[name] for name in ("layer.weight", "a")},
        good | {"more": good["a"]},
        good | {"layer.weight": good["layer.weight"].T},
        good | {"a": good["a"].astype(np.int64)},
    ):
        with pytest.raises(UsageError):
            write(path, SCHEMA, UPDATE, bad)
    assert not path.exists()


def test_arrays_in_any_memory_layout_give_the_same_file():
    good = counting(SCHEMA, UPDATE)
    strided = good | {"layer.weight": np.asfortranarray(good["layer.weight"])}
    assert encode(SCHEMA, UPDATE, strided) == GOOD


def test_a_writer_takes_exactly_the_elements_of_the_file():
    file = io.BytesIO()
    writer = Writer(file, SCHEMA, UPDATE)
    writer.append(np.arange(20, dtype=np.int32))
    with pytest.raises(UsageError, match="lacks 1 elements"):
        writer.finish()
    with pytest.raises(UsageError, match="2 more elements where 1"):
        writer.append(np.zeros(2, np.int32))
    with pytest.raises(UsageError, match="int64"):
        writer.append(np.zeros(1, np.int64))
    writer.append(np.array([20], np.int32))
    assert writer.finish() == digest_of(GOOD)
    assert file.getvalue() == GOOD


class FullDisk(io.BytesIO):
    def write(self, _):
        raise OSError(28, "No space left on device")


def test_an_error_of_the_disk_is_passed_on():
    with pytest.raises(OSError, match="No space left"):
        write(FullDisk(), SCHEMA, UPDATE, counting(SCHEMA, UPDATE))


def test_other_processes_write_the_same_bytes():
    program = (
        "from quorate.tensors import encode; from quorate.digest import digest_of;"
        "from tests.unit.quorate.tensors.samples import SCHEMA, UPDATE, counting;"
        "print(digest_of(encode(SCHEMA, UPDATE, counting(SCHEMA, UPDATE))))"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=200,
        ).stdout.strip()
        for seed in ("0", "1", "4242")
    }
    assert digests == {digest_of(GOOD)}
