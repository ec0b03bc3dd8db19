"""What nobody signed says what was signed, in the one way in which it can be said, or is found."""

from contextlib import contextmanager

import pytest

from quorate.blocks import protos
from quorate.blocks.block import COMMIT_HASH, LAST_CONFIG, ORDERER, SIGNATURES, TRANSACTIONS_FILTER
from quorate.verify import VerificationError, verify_bundle
from quorate.verify.bundle.headers import encode_header
from tests.unit.quorate.ledger.bundles import export
from tests.unit.quorate.ledger.chain import header_of
from tests.unit.quorate.ledger.consortium import Consortium, Ledger
from tests.unit.quorate.ledger.tampering import reseal

UNKNOWN = b"\x4a\x00"
"""A field that no message of a block has."""


@pytest.fixture(scope="module")
def made():
    consortium = Consortium(Ledger(("Alder", "Birch"), per_block=40), rounds=1)
    consortium.ledger.cut()
    return consortium


@contextmanager
def altered(made, path, number, *, study=None):
    """Have a block altered in a bundle that its exporter signs again, and its header as well."""
    export(made.ledger, path, study=study)
    name = path / "blocks" / f"{number}.block"
    block = protos.Block.FromString(name.read_bytes())
    yield block
    name.write_bytes(block.SerializeToString())
    blocks = [*made.ledger.chain.blocks[:number], block, *made.ledger.chain.blocks[number + 1 :]]
    (path / "headers.bin").write_bytes(b"".join(map(encode_header, blocks)))
    reseal(path, made.ledger.officer)


def failure(made, path):
    with pytest.raises(VerificationError) as caught:
        verify_bundle(path, genesis=made.ledger.genesis, first_failure_only=True)
    return caught.value.report.failed[0]


@pytest.mark.parametrize(
    "alter",
    [
        lambda slot: slot + UNKNOWN,
        lambda slot: b"\x8a\x00" + slot[1:],
        lambda slot: b"\x0a\x00" + slot,
    ],
)
def test_the_orderers_signatures_have_one_form(made, tmp_path, alter):
    with altered(made, tmp_path / "b", 1) as block:
        block.metadata.metadata[SIGNATURES] = alter(block.metadata.metadata[SIGNATURES])
    found = failure(made, tmp_path / "b")
    assert found.place == "headers.bin, block 1"
    assert found.message == "the orderers' signatures does not serialise to itself"


def test_no_signature_names_its_orderer_twice(made, tmp_path):
    with altered(made, tmp_path / "b", 1) as block:
        metadata = protos.Metadata.FromString(block.metadata.metadata[SIGNATURES])
        metadata.signatures[0].identifier_header = protos.IdentifierHeader(identifier=1).SerializeToString()
        block.metadata.metadata[SIGNATURES] = metadata.SerializeToString()
    assert failure(made, tmp_path / "b").message == "a signature names an orderer in two ways"


def test_nothing_stands_behind_an_orderers_signature(made, tmp_path):
    with altered(made, tmp_path / "b", 1) as block:
        metadata = protos.Metadata.FromString(block.metadata.metadata[SIGNATURES])
        metadata.signatures[0].signature += b"behind"
        block.metadata.metadata[SIGNATURES] = metadata.SerializeToString()
    assert "bytes that say nothing" in failure(made, tmp_path / "b").message


@pytest.mark.parametrize(
    ("slot", "content", "message"),
    [
        (LAST_CONFIG, UNKNOWN, "the number of the last configuration does not serialise to itself"),
        (LAST_CONFIG, protos.Metadata(value=b"\x08\x00").SerializeToString(), "does not serialise to itself"),
        (LAST_CONFIG, protos.Metadata(value=b"\x08\x01").SerializeToString(), "names the configuration of block 1"),
        (LAST_CONFIG, protos.Metadata(signatures=[protos.MetadataSignature()]).SerializeToString(), "no organisation"),
        (ORDERER, b"anything", "other metadata of its orderer than were signed"),
        (COMMIT_HASH, protos.Metadata(value=bytes(31)).SerializeToString(), "carries one that cannot be read"),
    ],
)
def test_metadata_of_a_block_say_nothing_else(made, tmp_path, slot, content, message):
    with altered(made, tmp_path / "b", 1) as block:
        block.metadata.metadata[slot] = content
    found = failure(made, tmp_path / "b")
    assert found.place == "blocks/1.block"
    assert message in found.message


def test_there_are_no_more_metadata_than_peers_know(made, tmp_path):
    with altered(made, tmp_path / "b", 1) as block:
        block.metadata.metadata.append(b"")
    assert failure(made, tmp_path / "b").message == "the block has 6 metadata, and peers know 5"


def test_the_configurations_number_may_be_signed_once_more_as_before_fabric_2_0(made, tmp_path):
    orderer = made.ledger.chain.orderer
    header = protos.SignatureHeader(creator=orderer.serialized, nonce=b"n").SerializeToString()
    block_header = header_of(made.ledger.chain.blocks[1]).encoded
    for message, expected in ((header + block_header, "verified"), (b"else", "failed")):
        path = tmp_path / expected
        with altered(made, path, 1) as block:
            signature = protos.MetadataSignature(signature_header=header, signature=orderer.sign(message))
            block.metadata.metadata[LAST_CONFIG] = protos.Metadata(signatures=[signature]).SerializeToString()
        if expected == "verified":
            assert verify_bundle(path, genesis=made.ledger.genesis).result == expected
        else:
            assert "not this key's" in failure(made, path).message


FIRST = [
    (TRANSACTIONS_FILTER, b"\x0a", "block 0, transaction 0", "it is marked as ENDORSEMENT_POLICY_FAILURE, and"),
    (COMMIT_HASH, protos.Metadata(value=bytes(32)).SerializeToString(), "blocks/0.block", "has no commit hash"),
    (ORDERER, b"anything", "blocks/0.block", "no orderer has signed"),
]


@pytest.mark.parametrize("what", FIRST)
@pytest.mark.parametrize("study", [None, "one"])
def test_of_the_first_block_too(made, tmp_path, study, what):
    slot, content, place, message = what
    with altered(made, tmp_path / "b", 0, study=study) as block:
        block.metadata.metadata[slot] = content
    found = failure(made, tmp_path / "b")
    assert (found.place, message in found.message) == (place, True)


def test_in_part_of_a_ledger_a_commit_hash_is_one_at_least(made, tmp_path):
    with altered(made, tmp_path / "b", 1, study="one") as block:
        block.metadata.metadata[COMMIT_HASH] += UNKNOWN
    found = failure(made, tmp_path / "b")
    assert (found.place, found.message) == ("blocks/1.block", "the block carries a commit hash that is none")


def test_where_the_first_block_has_no_commit_hash_none_has(made, tmp_path):
    with altered(made, tmp_path / "b", 1) as block:
        block.metadata.metadata[COMMIT_HASH] = b""
    found = failure(made, tmp_path / "b")
    assert found.place == "blocks/2.block"
    assert found.message.startswith("the first block behind the genesis carries no commit hash, and this one carries ")
