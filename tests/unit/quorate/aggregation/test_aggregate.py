import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.aggregation import aggregate, weighted_mean
from quorate.digest import digest_of
from quorate.errors import IntegrityError, UsageError
from quorate.fixedpoint import MODEL_LIMIT
from quorate.tensors import Header, Reader, Schema, TensorSpec, encode
from tests.unit.quorate.tensors.samples import arrays
from tests.vectors.load import load

CASES = load("aggregation.json")["cases"]
BOUND = 100


def opened(case):
    """The base and the weighted updates of a pinned case."""
    schema = Schema.from_json(case["tensors"])
    initial = Header.initial_model(case["study"])
    base_file = encode(schema, initial, arrays(schema, initial, [int(value) for value in case["base"]]))
    assert digest_of(base_file) == case["base_digest"]
    updates = []
    for update in case["updates"]:
        header = Header.update(
            study=case["study"],
            round=case["round"],
            msp=update["msp"],
            dataset=update["dataset"],
            base=case["base_digest"],
        )
        file = encode(schema, header, arrays(schema, header, update["values"]))
        assert digest_of(file) == update["digest"]
        updates.append((update["weight"], Reader(file, schema, header)))
    return Reader(base_file, schema, initial), updates


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_pinned_models_in_every_order(case):
    base, updates = opened(case)
    orders = list(itertools.permutations(updates))
    digests = {aggregate(base, order, io.BytesIO(), bound=case["bound"]) for order in orders}
    assert digests == {case["model_digest"]}


def test_five_updates_have_120_orders():
    assert [len(case["updates"]) for case in CASES].count(5) >= 2


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_model_is_a_file_that_can_be_read_again(case, tmp_path):
    base, updates = opened(case)
    path = tmp_path / "model"
    digest = aggregate(base, updates, path, bound=case["bound"])
    header = Header.model(study=case["study"], round=case["round"], base=case["base_digest"])
    with Reader(path, base.schema, header, digest=digest) as model:
        assert np.concatenate(list(model.chunks())).tolist() == [int(value) for value in case["model"]]


@pytest.mark.parametrize("chunk_bytes", [1, 8, 24, 64, 1 << 20])
def test_the_size_of_chunks_does_not_matter(chunk_bytes):
    base, updates = opened(CASES[0])
    digest = aggregate(base, updates, io.BytesIO(), bound=CASES[0]["bound"], chunk_bytes=chunk_bytes)
    assert digest == CASES[0]["model_digest"]


SCHEMA = Schema((TensorSpec("w", (4,)),))
INITIAL = Header.initial_model("s")
BASE_FILE = encode(SCHEMA, INITIAL, arrays(SCHEMA, INITIAL, [0, 1, 2, 3]))
BASE_DIGEST = digest_of(BASE_FILE)


def base_reader(values=(0, 1, 2, 3)):
    return Reader(encode(SCHEMA, INITIAL, arrays(SCHEMA, INITIAL, values)), SCHEMA, INITIAL)


def update_reader(values, *, schema=SCHEMA, digest=None, **fields):
    header = Header.update(**{"study": "s", "round": 1, "msp": "A", "dataset": "d", "base": BASE_DIGEST} | fields)
    return Reader(encode(schema, header, arrays(schema, header, values)), schema, header, digest=digest)


def test_values_beyond_the_bound_are_refused_before_they_can_overflow():
    for value in (BOUND + 1, -BOUND - 1):
        with pytest.raises(UsageError, match="an update's element is beyond"):
            aggregate(base_reader(), [(1, update_reader([0, 0, 0, value]))], io.BytesIO(), bound=BOUND)


def test_a_model_that_leaves_exact_doubles_is_refused():
    edge = [MODEL_LIMIT - 1, 0, 0, 0]
    base = base_reader(edge)
    digest = digest_of(encode(SCHEMA, INITIAL, arrays(SCHEMA, INITIAL, edge)))
    with pytest.raises(UsageError, match="a model's value is beyond"):
        aggregate(base, [(1, update_reader([1, 0, 0, 0], base=digest))], io.BytesIO(), bound=BOUND)


def test_weights_that_could_overflow_are_refused():
    with pytest.raises(UsageError, match="could overflow"):
        aggregate(base_reader(), [(2**62, update_reader([0] * 4))], io.BytesIO(), bound=BOUND)


def test_a_base_with_other_bytes_is_refused_and_nothing_is_left(tmp_path):
    path = tmp_path / "model"
    with pytest.raises(IntegrityError, match=BASE_DIGEST):
        aggregate(base_reader([0, 1, 2, 4]), [(1, update_reader([0] * 4))], path, bound=BOUND)
    assert list(tmp_path.iterdir()) == []


def test_an_update_with_other_bytes_is_refused_when_its_digest_is_known():
    good = update_reader([1, 2, 3, 4])
    wrong = update_reader([1, 2, 3, 4], msp="B", digest=digest_of(b"something else"))
    aggregate(base_reader(), [(1, good)], io.BytesIO(), bound=BOUND)
    with pytest.raises(IntegrityError, match=digest_of(b"something else")):
        aggregate(base_reader(), [(1, good), (1, wrong)], io.BytesIO(), bound=BOUND)


@pytest.mark.parametrize(
    ("message", "others"),
    [
        ("two updates", {"msp": "A"}),
        ("different rounds", {"msp": "B", "round": 2}),
        ("different rounds", {"msp": "B", "study": "t"}),
        ("different rounds", {"msp": "B", "base": digest_of(b"other")}),
        ("another schema", {"msp": "B", "schema": Schema((TensorSpec("v", (4,)),))}),
    ],
    ids=str,
)
def test_updates_of_different_rounds_are_not_mixed(message, others):
    updates = [(1, update_reader([0] * 4)), (1, update_reader([0] * 4, **others))]
    with pytest.raises(UsageError, match=message):
        aggregate(base_reader(), updates, io.BytesIO(), bound=BOUND)


def test_files_of_the_wrong_kind_are_refused():
    update = update_reader([0] * 4)
    for base, updates in ((update, [(1, update)]), (base_reader(), [(1, base_reader())])):
        with pytest.raises(UsageError, match="a model and updates"):
            aggregate(base, updates, io.BytesIO(), bound=BOUND)


def test_a_base_of_another_study_or_a_later_round_is_refused():
    for fields in ({"study": "t", "round": 1}, {"study": "s", "round": 2}):
        header = Header.model(base=digest_of(b"before"), **fields)
        base = Reader(encode(SCHEMA, header, arrays(SCHEMA, header, [0] * 4)), SCHEMA, header)
        with pytest.raises(UsageError, match="is no base"):
            aggregate(base, [(1, update_reader([0] * 4, round=2))], io.BytesIO(), bound=BOUND)


def test_nothing_is_made_of_nothing():
    with pytest.raises(UsageError, match="nothing to aggregate"):
        aggregate(base_reader(), [], io.BytesIO(), bound=BOUND)


def test_a_rule_sees_updates_in_canonical_order_whatever_the_order_given():
    seen = []

    def first(updates, weights):
        seen.append(weights)
        return updates[0].astype(np.int64)

    owners = [("B", "a"), ("A", "b"), ("A", "a"), ("a", "a")]
    updates = [
        (weight, update_reader([weight] * 4, msp=msp, dataset=dataset))
        for weight, (msp, dataset) in enumerate(owners, 1)
    ]
    digests = {
        aggregate(base_reader(), order, io.BytesIO(), bound=BOUND, rule=first)
        for order in itertools.permutations(updates)
    }
    assert len(digests) == 1
    assert seen == [[3, 2, 1, 4]] * 24


@given(st.lists(st.lists(st.integers(-BOUND, BOUND), min_size=4, max_size=4), min_size=1, max_size=4), st.data())
def test_streaming_gives_what_the_rule_gives_at_once(columns, data):
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(columns), max_size=len(columns)))
    updates = [
        (weight, update_reader(values, msp=f"M{place}"))
        for place, (weight, values) in enumerate(zip(weights, columns, strict=True))
    ]
    out = io.BytesIO()
    aggregate(base_reader(), updates, out, bound=BOUND, chunk_bytes=16)
    change = weighted_mean([np.array(values, np.int32) for values in columns], weights)
    expected = (np.arange(4) + change).tolist()
    with Reader(out.getvalue(), SCHEMA, Header.model(study="s", round=1, base=BASE_DIGEST)) as model:
        assert np.concatenate(list(model.chunks())).tolist() == expected
