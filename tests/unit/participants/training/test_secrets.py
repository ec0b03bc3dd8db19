from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.training.secrets import KeyStream, Purpose, ReleaseContext, derive
from quorate.digest import digest_of
from quorate.errors import UsageError

CONTEXT = ReleaseContext(study="s", round=3, base=digest_of(b"base"), msp="Alder", dataset="d")
SECRET = bytes(range(32))


def test_the_stream_is_chacha20():
    """RFC 8439, A.1, test vector 1: key and nonce zero, counter zero."""
    block = bytes.fromhex(
        "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
    )
    assert KeyStream(bytes(32)).uint64(8).astype("<u8").tobytes() == block


@given(st.lists(st.integers(0, 300_000), max_size=4))
def test_portions_do_not_matter(portions):
    whole = KeyStream(SECRET).uint64(sum(portions))
    stream = KeyStream(SECRET)
    parts = [stream.uint64(count) for count in portions]
    assert np.concatenate([np.empty(0, dtype=np.uint64), *parts]).tobytes() == whole.tobytes()


def test_every_part_of_the_release_changes_every_key():
    contexts = [
        CONTEXT,
        replace(CONTEXT, study="t"),
        replace(CONTEXT, round=4),
        replace(CONTEXT, base=digest_of(b"other base")),
        replace(CONTEXT, msp="Birch"),
        replace(CONTEXT, dataset="e"),
        replace(CONTEXT, msp="Al", dataset="derd"),
    ]
    keys = {
        derive(secret, context, purpose)
        for secret in (SECRET, bytes(32))
        for context in contexts
        for purpose in Purpose
    }
    assert len(keys) == 2 * len(contexts) * len(Purpose)
    assert derive(SECRET, CONTEXT, Purpose.NOISE) == derive(SECRET, replace(CONTEXT), Purpose.NOISE)


def test_fields_cannot_run_into_each_other():
    assert replace(CONTEXT, msp="ab", dataset="c").encode() != replace(CONTEXT, msp="a", dataset="bc").encode()


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_secret_has_32_bytes(size):
    with pytest.raises(UsageError, match="32 bytes"):
        derive(bytes(size), CONTEXT, Purpose.NOISE)
