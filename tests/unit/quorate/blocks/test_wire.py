"""Messages are read as Go's library reads them; what it says of each spelling here was asked of it."""

import pytest

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError
from quorate.blocks.wire import varint

LONG_TAG = b"\x92\x80\x80\x80\x80\x80\x00"
"""Field 2, bytes, in seven bytes instead of one."""


@pytest.mark.parametrize(
    "data",
    [
        b"\x12\x01x",
        LONG_TAG + b"\x01x",
        b"\x12\x81\x80\x80\x80\x80\x80\x80\x80\x80\x00x",  # a long length
        b"\x12\x01y\x12\x01x",  # the last one counts
        b"\x10\x07\x12\x01x",  # the same number of another kind is another field
        b"\x12\x01x" + 101 * b"\x4b" + 101 * b"\x4c",  # groups in groups
        b"\x4b" + b"\x82\x80\x80\x80\x10\x00" + b"\x4c" + b"\x12\x01x",  # a number above the last one, in a group
        b"\x4d\0\0\0\0" + b"\x49" + bytes(8) + b"\x12\x01x",
    ],
)
def test_spellings_that_peers_take(data):
    assert decode(protos.Payload, data, "the payload") == protos.Payload(data=b"x")


@pytest.mark.parametrize(
    "data",
    [
        b"\x48" + 9 * b"\xff" + b"\x02" + b"\x12\x01x",  # a number of 65 bits
        b"\x48" + 10 * b"\x80" + b"\x00",  # of eleven bytes
        b"\x82\x80\x80\x80\x10\x00",  # a field above the last one
        b"\x02\x00",  # field 0
        b"\x4b",
        b"\x4b\x54",  # a group that ends as another
        b"\x4c",
        b"\x4e\x00",
        b"\x4f\x00",
        b"\x12\x02x",
        b"\x12",
        b"\x4d\0\0\0",
        10_002 * b"\x4b" + 10_002 * b"\x4c",
    ],
)
def test_spellings_that_peers_refuse(data):
    with pytest.raises(BlockError, match="the payload cannot be decoded: "):
        decode(protos.Payload, data, "the payload")


def test_the_deepest_groups_that_peers_pass_over():
    assert decode(protos.Payload, 10_001 * b"\x4b" + 10_001 * b"\x4c", "the payload") == protos.Payload()


def test_messages_in_messages_are_read_in_the_same_way():
    inner = b"\x8a\x80\x80\x80\x80\x80\x00\x03one"
    found = decode(protos.Payload, b"\x0a" + bytes([len(inner)]) + inner, "the payload")
    assert found == protos.Payload(header=protos.Header(channel_header=b"one"))
    with pytest.raises(BlockError, match="does not end"):
        decode(protos.Payload, b"\x0a\x0b\x48" + 9 * b"\xff" + b"\x02", "the payload")


def test_numbers_are_cut_to_their_size_and_other_numbers_than_none_and_one_are_true():
    found = decode(protos.ChannelHeader, b"\x10\x85\x80\x80\x80\x10\x4b\x4c", "the header")
    assert found.version == 5
    write = protos.KVRWSet.DESCRIPTOR.fields_by_name["writes"].message_type._concrete_class
    assert decode(write, b"\x90\x00\x02", "the write").is_delete


def test_texts_are_of_utf_8():
    for more in (b"", b"\x4b\x4c"):
        with pytest.raises(BlockError, match="cannot be decoded"):
            decode(protos.SerializedIdentity, b"\x0a\x01\xff" + more, "the identity")


def test_parts_of_a_message_that_stand_apart_are_put_together():
    first, second = (
        protos.Header(**{name: b"x"}).SerializeToString() for name in ("channel_header", "signature_header")
    )
    apart = b"".join(b"\x0a" + bytes([len(part)]) + part for part in (first, second))
    expected = protos.Payload(header=protos.Header(channel_header=b"x", signature_header=b"x"))
    assert decode(protos.Payload, apart, "the payload") == expected


def test_messages_that_are_nested_too_deep_are_refused():
    rule = protos.SignaturePolicy(signed_by=0).SerializeToString()
    for _ in range(2000):
        inner = b"\x12" + varint(len(rule)) + rule
        rule = b"\x12" + varint(len(inner)) + inner
    with pytest.raises(BlockError, match="nested deeper than 100"):
        decode(protos.SignaturePolicy, rule, "the policy")
