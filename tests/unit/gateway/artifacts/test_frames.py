from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.artifacts import frames
from gateway.service.protos.quorate.v1 import artifacts_pb2 as pb
from quorate.errors import UsageError

CHUNKS = st.one_of(st.binary(max_size=300), st.sampled_from([127, 128, 16_383, 16_384, 2_097_152]).map(bytes))


@given(CHUNKS)
def test_chunks_are_what_protobuf_reads_and_writes(chunk: bytes) -> None:
    assert pb.GetResponse.FromString(frames.get_response(chunk)).chunk == chunk
    assert pb.PutRequest.FromString(frames.put_chunk(chunk)).chunk == chunk
    assert frames.read_get_response(pb.GetResponse(chunk=chunk).SerializeToString()) == chunk
    assert frames.read_put_request(pb.PutRequest(chunk=chunk).SerializeToString()) == chunk


def test_a_header_survives() -> None:
    header = pb.PutHeader(artifact=pb.Artifact(digest="sha256:x", size=5), offset=3)
    assert frames.read_put_request(frames.put_header(header)) == header


@given(st.binary(max_size=40))
def test_whatever_else_comes_is_read_as_protobuf_reads_it(data: bytes) -> None:
    try:
        expected = pb.GetResponse.FromString(data).chunk
    except Exception:  # noqa: BLE001 - protobuf's own refusal, whichever it is
        with pytest.raises(UsageError):
            frames.read_get_response(data)
    else:
        assert frames.read_get_response(data) == expected


def test_unknown_fields_beside_a_chunk_are_passed_over() -> None:
    assert frames.read_get_response(frames.get_response(b"abc") + b"\x78\x01") == b"abc"
    assert frames.read_put_request(frames.put_chunk(b"abc") + b"\x78\x01") == b"abc"


@pytest.mark.parametrize("data", [b"", b"\x78\x01", b"\x12", b"\x12\x05abc", b"\xff\xff"])
def test_what_is_neither_header_nor_chunk_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError):
        frames.read_put_request(data)
