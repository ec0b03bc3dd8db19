import io

import pytest

from quorate.aggregation import possession
from quorate.errors import IntegrityError
from tests.vectors.load import load

CASES = load("tensors.json")["possession"]


def possession_of(case, updates):
    return possession(case["msp"], case["study"], case["round"], case["attempt"], updates)


@pytest.mark.parametrize("case", CASES)
def test_pinned_hashes(case):
    assert possession_of(case, [bytes.fromhex(update) for update in case["updates"]]) == case["possession"]


def test_every_field_and_the_order_count():
    assert len({case["possession"] for case in CASES}) == len(CASES)


def test_paths_open_files_and_bytes_are_the_same(tmp_path):
    case = CASES[0]
    paths = []
    for place, update in enumerate(case["updates"]):
        paths.append(tmp_path / str(place))
        paths[-1].write_bytes(bytes.fromhex(update))
    assert possession_of(case, iter(paths)) == case["possession"]
    assert possession_of(case, [io.BytesIO(path.read_bytes()) for path in paths]) == case["possession"]


def test_where_one_update_ends_counts():
    case = CASES[0]
    assert possession_of(case, [b"ab", b"c"]) != possession_of(case, [b"a", b"bc"])


class Shorter(io.BytesIO):
    """A file that somebody truncated after its size was taken."""

    def read(self, _=-1, /):
        return b""


def test_a_file_that_changes_its_size_is_refused():
    with pytest.raises(IntegrityError, match="changed its size"):
        possession_of(CASES[0], [Shorter(b"abc")])
