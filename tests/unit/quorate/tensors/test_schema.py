import pytest

from quorate.errors import UsageError
from quorate.tensors import MAX_ELEMENTS, MAX_TENSORS, Schema, TensorSpec

SCHEMA = Schema((TensorSpec("layer.weight", (3, 5)), TensorSpec("layer.bias", (5,)), TensorSpec("scale", ())))


def test_a_schema_counts_its_elements():
    assert [tensor.elements for tensor in SCHEMA.tensors] == [15, 5, 1]
    assert SCHEMA.elements == 21
    assert SCHEMA.names == ("layer.weight", "layer.bias", "scale")


def test_a_schema_comes_back_from_json():
    document = [
        {"name": "layer.weight", "shape": [3, 5]},
        {"name": "layer.bias", "shape": [5]},
        {"name": "scale", "shape": []},
    ]
    assert SCHEMA.to_json() == document
    assert Schema.from_json(document) == SCHEMA


@pytest.mark.parametrize("name", ["", "__metadata__", "a b", "a\n", ".a", "ä", "a" * 129, 'a"'])
def test_bad_names(name):
    with pytest.raises(UsageError, match="not a tensor's name"):
        TensorSpec(name, (1,))


@pytest.mark.parametrize("shape", [(0,), (-1,), (2, 0), (MAX_ELEMENTS + 1,), (1,) * 9])
def test_bad_shapes(shape):
    with pytest.raises(UsageError):
        TensorSpec("a", shape)


def test_a_schema_has_some_tensors_but_not_too_many():
    Schema(tuple(TensorSpec(f"t{place}", ()) for place in range(MAX_TENSORS)))
    for count in (0, MAX_TENSORS + 1):
        with pytest.raises(UsageError, match=f"not {count}"):
            Schema(tuple(TensorSpec(f"t{place}", ()) for place in range(count)))


def test_a_name_comes_once():
    with pytest.raises(UsageError, match="twice"):
        Schema((TensorSpec("a", (1,)), TensorSpec("a", (2,))))


def test_all_elements_together_are_bounded():
    Schema((TensorSpec("a", (MAX_ELEMENTS - 1,)), TensorSpec("b", ())))
    with pytest.raises(UsageError, match="more than"):
        Schema((TensorSpec("a", (MAX_ELEMENTS,)), TensorSpec("b", ())))


@pytest.mark.parametrize(
    "document",
    [
        {},
        "a",
        [],
        [1],
        [{"name": "a"}],
        [{"name": "a", "shape": [1], "dtype": "I32"}],
        [{"name": 1, "shape": [1]}],
        [{"name": "a", "shape": 1}],
        [{"name": "a", "shape": "1"}],
        [{"name": "a", "shape": [True]}],
        [{"name": "a", "shape": [1.0]}],
        [{"name": "a", "shape": [0]}],
        [{"name": "a", "shape": [1]}] * (MAX_TENSORS + 1),
    ],
    ids=lambda document: str(document)[:50],
)
def test_bad_documents(document):
    with pytest.raises(UsageError):
        Schema.from_json(document)
