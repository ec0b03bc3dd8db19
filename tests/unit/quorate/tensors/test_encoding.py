import json

import pytest

from quorate.identifiers import MAX_ROUND
from quorate.tensors import (
    MAX_ELEMENTS,
    MAX_TENSORS,
    Fault,
    FileHeader,
    Header,
    Schema,
    TensorFileError,
    TensorSpec,
    encode_header,
    file_size,
    read_header,
)
from quorate.tensors.encoding import MAX_HEADER
from tests.unit.quorate.tensors.samples import INITIAL, MODEL, SCHEMA, UPDATE
from tests.vectors import slow
from tests.vectors.load import load

FILES = load("tensors.json")["files"]


def framed(text, *, padding=None):
    """A header with this JSON text, correctly framed unless told otherwise."""
    data = text.encode()
    data += b" " * (-len(data) % 8) if padding is None else padding
    return len(data).to_bytes(8, "little") + data


def document():
    return json.loads(encode_header(SCHEMA, UPDATE)[8:])


@pytest.mark.parametrize("case", FILES, ids=lambda case: case["name"])
def test_pinned_headers(case):
    file = bytes.fromhex(case["file"])
    found = read_header(file)
    assert found.schema == Schema.from_json(case["tensors"])
    assert found.header.to_json() == {"schema": "quorate.tensors/1", **case["metadata"]}
    assert found.file_size == file_size(found.schema, found.header) == len(file)
    assert encode_header(found.schema, found.header) == file[: found.length]


@pytest.mark.parametrize("header", [UPDATE, MODEL, INITIAL])
def test_a_header_comes_back(header):
    encoded = encode_header(SCHEMA, header)
    assert len(encoded) % 8 == 0
    assert read_header(encoded) == FileHeader(SCHEMA, header, len(encoded))


def test_the_order_of_tensors_is_that_of_their_numbers_and_not_of_their_names():
    backwards = Schema(SCHEMA.tensors[::-1])
    assert read_header(encode_header(backwards, UPDATE)).schema == backwards
    assert encode_header(backwards, UPDATE) != encode_header(SCHEMA, UPDATE)


def test_every_flipped_bit_is_refused_or_says_something_else():
    encoded = encode_header(SCHEMA, UPDATE)
    refused = 0
    for place in range(len(encoded)):
        for bit in range(8):
            flipped = bytearray(encoded)
            flipped[place] ^= 1 << bit
            try:
                found = read_header(bytes(flipped))
            except TensorFileError:
                refused += 1
            else:
                assert (found.schema, found.header) != (SCHEMA, UPDATE)
                assert encode_header(found.schema, found.header) == flipped
    assert refused > len(encoded) * 6


def test_every_truncation_is_refused():
    encoded = encode_header(SCHEMA, UPDATE)
    for length in range(len(encoded)):
        with pytest.raises(TensorFileError) as raised:
            read_header(encoded[:length])
        assert raised.value.fault is Fault.HEADER


@pytest.mark.parametrize("length", [0, 1, 7, 9, MAX_HEADER + 8, 2**63, 2**64 - 8])
def test_impossible_lengths_are_refused_before_anything_is_read(length):
    with pytest.raises(TensorFileError, match="no header has"):
        read_header(length.to_bytes(8, "little") + b"{}")


def change(**entries):
    return framed(slow.compact(document() | entries))


def metadata(**fields):
    changed = json.loads(document()["__metadata__"]["quorate"]) | fields
    return change(__metadata__={"quorate": slow.compact(changed)})


NOT_CANONICAL = {
    "white space": framed(json.dumps(document())),
    "names in another order": framed(json.dumps(dict(reversed(document().items())), separators=(",", ":"))),
    "more padding than needed": framed(slow.compact(document()), padding=b" " * 64),
    "padding with zeros": framed(slow.compact(document()), padding=b"\x00" * (-len(slow.compact(document())) % 8 or 8)),
    "no padding to eight": framed(slow.compact(document()), padding=b""),
    "not JSON": framed("{"),
    "a list": framed("[]"),
    "no metadata": framed(slow.compact({"a": {"dtype": "I32", "shape": [], "data_offsets": [0, 4]}})),
    "no tensor": framed(slow.compact({"__metadata__": document()["__metadata__"]})),
    "a second metadata key": change(__metadata__=document()["__metadata__"] | {"format": "pt"}),
    "metadata that is no string": change(__metadata__={"quorate": 1}),
    "metadata that is not canonical": change(__metadata__={"quorate": document()["__metadata__"]["quorate"] + " "}),
    "metadata that is no object": change(__metadata__={"quorate": "[]"}),
    "another schema": metadata(schema="quorate.tensors/2"),
    "an unknown field": metadata(weight=1),
    "an unknown kind": metadata(kind="gradient"),
    "a round that is a boolean": metadata(round=True),
    "a round that is text": metadata(round="2"),
    "a bad study": metadata(study="S"),
    "a gap": change(a={"dtype": "I32", "shape": [], "data_offsets": [84, 88]}),
    "an overlap": change(a={"dtype": "I32", "shape": [], "data_offsets": [76, 80]}),
    "an end that does not fit the shape": change(a={"dtype": "I32", "shape": [], "data_offsets": [80, 88]}),
    "a negative offset": change(a={"dtype": "I32", "shape": [], "data_offsets": [-4, 0]}),
    "three offsets": change(a={"dtype": "I32", "shape": [], "data_offsets": [80, 84, 88]}),
    "an unknown field of a tensor": change(a={"dtype": "I32", "shape": [], "data_offsets": [80, 84], "x": 1}),
    "an empty tensor": change(a={"dtype": "I32", "shape": [0], "data_offsets": [80, 80]}),
    "an enormous tensor": change(a={"dtype": "I32", "shape": [2**40], "data_offsets": [80, 84]}),
    "a bad name": framed(slow.compact(document() | {"a b": document()["a"]})),
}


@pytest.mark.parametrize("data", NOT_CANONICAL.values(), ids=NOT_CANONICAL)
def test_what_is_not_canonical_is_refused(data):
    with pytest.raises(TensorFileError) as raised:
        read_header(data)
    assert raised.value.fault is Fault.HEADER


@pytest.mark.parametrize("dtype", ["I64", "F32", "i32", ""])
def test_another_element_type_is_its_own_fault(dtype):
    tensors = {name: entry | {"dtype": dtype} for name, entry in document().items() if name != "__metadata__"}
    for changed in (tensors, {"a": tensors["a"]}):
        with pytest.raises(TensorFileError) as raised:
            read_header(change(**changed))
        assert raised.value.fault is Fault.DTYPE


def test_the_widest_schema_fits_the_bound_on_headers():
    half = MAX_ELEMENTS // 2
    wide = [TensorSpec(f"{place:04}" + "x" * 124, (11, 11, 11, 11, 11, 1, 1, 1)) for place in range(MAX_TENSORS - 1)]
    schema = Schema((TensorSpec("x" * 128, (half, 1, 1, 1, 1, 1, 1, 1)), *wide))
    longest = Header.update(study="s" * 64, round=MAX_ROUND, msp="M" * 64, dataset="d" * 64, base=UPDATE.base)
    encoded = encode_header(schema, longest)
    assert 0.75 * MAX_HEADER < len(encoded) <= MAX_HEADER
    assert read_header(encoded).schema == schema
