from __future__ import annotations

import hashlib
import hmac
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.data.fingerprint import fingerprint
from participants.data.table import Table
from quorate.errors import UsageError

KEY = bytes(range(32))
TABLE = Table(
    names=("a", "name"), columns=(np.array([1.0, np.nan, 0.0, 1.0]), np.array(["x", "y", "z", "x"], dtype=np.str_))
)


def test_the_fingerprint_is_what_its_description_says():
    one, nan, zero = (b"f" + struct.pack("<d", value) for value in (1.0, float("nan"), 0.0))
    x, y, z = (b"s" + (1).to_bytes(8, "big") + letter for letter in (b"x", b"y", b"z"))
    records = sorted(hashlib.sha256(record).digest() for record in (one + x, nan + y, zero + z, one + x))
    names = (1).to_bytes(8, "big") + b"a" + (4).to_bytes(8, "big") + b"name"
    tag = (21).to_bytes(8, "big") + b"quorate.fingerprint/1"
    content = tag + struct.pack(">QQ", 2, 4) + names + b"".join(records)
    assert fingerprint(TABLE, key=KEY) == f"sha256:{hmac.digest(KEY, content, 'sha256').hex()}"
    assert fingerprint(TABLE, key=KEY) == "sha256:5bcb560b895df34baf4d35a476a9bae592ab1a2d6256132a470e0e9984c9e4fc"


@given(st.permutations(range(4)))
def test_the_order_of_records_does_not_matter(order):
    assert fingerprint(TABLE.take(np.array(order)), key=KEY) == fingerprint(TABLE, key=KEY)


def test_neither_does_the_order_of_columns_nor_the_sign_of_zero():
    turned = Table(names=("name", "a"), columns=(TABLE.columns[1], np.array([1.0, np.nan, -0.0, 1.0])))
    assert fingerprint(turned, key=KEY) == fingerprint(TABLE, key=KEY)


def test_every_change_of_content_shows():
    seen = {fingerprint(TABLE, key=KEY)}
    changed = [
        Table(names=("a", "name"), columns=(np.array([1.0, np.nan, 0.0, np.nextafter(1.0, 2.0)]), TABLE.columns[1])),
        Table(names=("a", "title"), columns=TABLE.columns),
        TABLE.take(np.array([0, 1, 2])),
        TABLE.take(np.array([0, 1, 2, 3, 3])),
        Table(names=("a", "name"), columns=(TABLE.columns[0], np.array(["y", "x", "z", "x"], dtype=np.str_))),
    ]
    for table in changed:
        seen.add(fingerprint(table, key=KEY))
    assert len(seen) == 1 + len(changed)


def test_another_organisations_key_gives_another_fingerprint():
    assert fingerprint(TABLE, key=bytes(32)) != fingerprint(TABLE, key=KEY)


def test_a_short_key_is_refused():
    with pytest.raises(UsageError, match="32 bytes"):
        fingerprint(TABLE, key=b"short")
