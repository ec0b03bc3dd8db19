import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.blocks import protos
from quorate.blocks.block import decode_block, require_separable
from quorate.blocks.errors import BlockError
from quorate.blocks.header import BlockHeader, data_hash


def test_the_first_header_has_no_hash_before_it():
    header = BlockHeader(0, b"", bytes(32))
    assert header.encoded.hex() == "3027020100" + "0400" + "0420" + "00" * 32
    assert header.hash == hashlib.sha256(header.encoded).digest()
    assert header.digest == "sha256:" + header.hash.hex()


@pytest.mark.parametrize(
    ("number", "encoded"),
    [(1, "020101"), (127, "02017f"), (128, "02020080"), (65_535, "020300ffff"), (2**64 - 1, "020900" + "ff" * 8)],
)
def test_numbers_are_der_integers_of_least_length(number, encoded):
    assert BlockHeader(number, bytes(32), bytes(32)).encoded[2:].hex().startswith(encoded)


def test_lengths_beyond_127_take_the_long_form():
    assert BlockHeader(1, bytes(100), bytes(100)).encoded[:3].hex() == "3081cf"


def envelope(payload, signature=b"s"):
    return protos.Envelope(payload=payload, signature=signature).SerializeToString()


def block_of(entries, **header):
    parts = {"number": 1, "previous_hash": bytes(32), "data_hash": data_hash(entries), **header}
    return protos.Block(
        header=protos.BlockHeader(**parts),
        data=protos.BlockData(data=entries),
        metadata=protos.BlockMetadata(metadata=[b"", b"", bytes(len(entries))]),
    ).SerializeToString()


MORE = st.sampled_from([b"", b"", b"\x1a\x01x", b"\x4b\x0a\x01x\x4c", b"\x08\x01"])


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.binary(max_size=20), MORE), min_size=1, max_size=4))
def test_equal_data_hashes_mean_equal_entries(parts):
    """Wherever the concatenation is cut otherwise, an entry is no longer in its one form."""
    entries = [envelope(payload, signature) + more for payload, signature, more in parts]
    require_separable(entries)
    whole = b"".join(entries)
    ends = {sum(map(len, entries[:count])) for count in range(len(entries) + 1)}
    for cut in set(range(1, len(whole))) - ends:
        with pytest.raises(BlockError):
            require_separable([whole[:cut], whole[cut:]])


def test_two_entries_do_not_pass_as_one():
    with pytest.raises(BlockError, match="serialise to itself"):
        decode_block(block_of([envelope(b"one") + envelope(b"two")]))


def test_a_payload_and_its_signature_do_not_pass_as_two():
    entry = envelope(b"payload")
    cut = len(envelope(b"payload", b""))
    with pytest.raises(BlockError, match="entry 1"):
        decode_block(block_of([entry[:cut], entry[cut:]]))


@pytest.mark.parametrize("more", [b"\x1a\x01x", b"\x4b\x0a\x01x\x4c", b"\x08\x01", 101 * b"\x4b" + 101 * b"\x4c"])
def test_what_an_envelope_does_not_know_may_follow(more):
    """Orderers keep it, and peers count the transaction: whoever may write could spoil everybody's evidence."""
    entry = envelope(b"one", b"signature") + more
    assert decode_block(block_of([entry, envelope(b"two")])).entries == (entry, envelope(b"two"))


@pytest.mark.parametrize("more", [b"\x0a\x01x", b"\x12\x00", b"\x8a\x00\x01x", b"\x1a\x01x\x0a\x03one"])
def test_what_an_envelope_knows_stands_once(more):
    with pytest.raises(BlockError, match="entry 0 does not serialise to itself"):
        decode_block(block_of([envelope(b"one", b"signature") + more]))


@pytest.mark.parametrize(
    "entry", [b"\x1a\x01x\x0a\x03one", b"\x12\x01s\x0a\x03one", b"\x8a\x00\x03one", b"\x0a\x83\x00one"]
)
def test_an_envelope_begins_with_its_payload(entry):
    with pytest.raises(BlockError, match="entry 0 does not serialise to itself"):
        decode_block(block_of([entry]))


def test_an_unknown_field_in_a_block_is_refused_when_it_is_out_of_order():
    with pytest.raises(BlockError):
        decode_block(b"\x22\x01x" + block_of([envelope(b"one")]))


def test_another_data_hash_is_refused():
    with pytest.raises(BlockError, match="data hash"):
        decode_block(block_of([envelope(b"one")], data_hash=bytes(32)))


def test_a_short_hash_is_refused():
    with pytest.raises(BlockError, match="32 bytes"):
        decode_block(block_of([envelope(b"one")], previous_hash=b"short"))


def test_there_is_one_code_for_each_entry():
    message = protos.Block.FromString(block_of([envelope(b"one"), envelope(b"two")]))
    message.metadata.metadata[2] = b"\x00"
    with pytest.raises(BlockError, match="2 entries and 1 validation codes"):
        _ = decode_block(message.SerializeToString()).codes
