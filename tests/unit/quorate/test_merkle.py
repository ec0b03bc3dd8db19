import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate import merkle
from quorate.errors import IntegrityError, UsageError
from tests.vectors.load import load

TREES = load("merkle.json")["trees"]

# Published with Certificate Transparency's reference implementation.
KNOWN_ROOTS = {
    0: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    4: "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
}

entries = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


def leaves_of(tree):
    return [merkle.leaf_hash(bytes.fromhex(entry)) for entry in tree["entries"]]


@pytest.mark.parametrize(("size", "root"), KNOWN_ROOTS.items())
def test_published_roots(size, root):
    assert TREES[size]["root"] == root
    assert merkle.root(leaves_of(TREES[size])).hex() == root


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: len(tree["entries"]))
def test_pinned_roots_and_proofs(tree):
    leaves = leaves_of(tree)
    root = merkle.root(leaves)
    assert root.hex() == tree["root"]
    for index, proof in enumerate(tree["proofs"]):
        found = merkle.inclusion_proof(leaves, index)
        assert [step.hex() for step in found] == proof
        merkle.verify_inclusion(leaf=leaves[index], index=index, size=len(leaves), proof=found, expected_root=root)


@given(entries, st.data())
def test_a_proof_shows_its_own_leaf_and_no_other_place(content, data):
    leaves = [merkle.leaf_hash(bytes([place]) + entry) for place, entry in enumerate(content)]
    index = data.draw(st.integers(0, len(leaves) - 1))
    other = data.draw(st.integers(0, len(leaves) - 1).filter(lambda place: place != index or len(leaves) == 1))
    proof, root = merkle.inclusion_proof(leaves, index), merkle.root(leaves)
    merkle.verify_inclusion(leaf=leaves[index], index=index, size=len(leaves), proof=proof, expected_root=root)
    if other != index:
        with pytest.raises(IntegrityError):
            merkle.verify_inclusion(leaf=leaves[index], index=other, size=len(leaves), proof=proof, expected_root=root)


def test_a_changed_proof_is_refused():
    leaves = [merkle.leaf_hash(bytes([place])) for place in range(7)]
    root, proof = merkle.root(leaves), merkle.inclusion_proof(leaves, 2)
    good = {"leaf": leaves[2], "index": 2, "size": 7, "proof": proof, "expected_root": root}
    merkle.verify_inclusion(**good)
    for change in (
        {"leaf": leaves[3]},
        {"leaf": leaves[2][:-1]},
        {"proof": proof[:-1]},
        {"proof": [*proof, root]},
        {"proof": proof[::-1]},
        {"proof": [proof[0] + b"\x00", *proof[1:]]},
        {"expected_root": merkle.root(leaves[:6])},
    ):
        with pytest.raises(IntegrityError):
            merkle.verify_inclusion(**good | change)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 3), (3, 3)])
def test_a_leaf_that_is_not_there(index, size):
    leaves = [merkle.leaf_hash(bytes([place])) for place in range(size)]
    with pytest.raises(UsageError, match="there is no leaf"):
        merkle.inclusion_proof(leaves, index)
    with pytest.raises(UsageError, match="there is no leaf"):
        merkle.verify_inclusion(leaf=bytes(32), index=index, size=size, proof=[], expected_root=bytes(32))


def test_a_node_is_no_leaf():
    pair = [merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")]
    assert merkle.leaf_hash(pair[0] + pair[1]) != merkle.root(pair)
