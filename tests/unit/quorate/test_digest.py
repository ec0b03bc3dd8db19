import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate import digest
from quorate.errors import UsageError

ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_digest_of_a_known_text():
    assert digest.digest_of(b"abc") == ABC


@given(st.binary(), st.integers(1, 7))
def test_a_stream_has_the_digest_of_its_whole(data, step):
    chunks = (data[start : start + step] for start in range(0, len(data), step))
    assert digest.digest_stream(chunks) == digest.digest_of(data)


@given(st.binary())
def test_text_and_raw_bytes_are_the_same_digest(data):
    found = digest.digest_of(data)
    assert digest.raw(found) == hashlib.sha256(data).digest()
    assert digest.hex_of(found) == hashlib.sha256(data).hexdigest()
    assert digest.digest_from_raw(digest.raw(found)) == found
    assert digest.parse_digest(found) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sha256:",
        ABC[7:],
        ABC.upper(),
        ABC[:-1],
        ABC + "0",
        ABC + "\n",
        " " + ABC,
        ABC.replace("sha256", "sha512"),
        "sha256:" + "g" * 64,
    ],
)
def test_other_forms_are_refused(text):
    with pytest.raises(UsageError, match="not a digest"):
        digest.parse_digest(text)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_raw_digests_of_another_size_are_refused(size):
    with pytest.raises(UsageError, match="32 bytes"):
        digest.digest_from_raw(bytes(size))
