"""A data set's fingerprint: changes when the content does, reveals nothing without the organisation's key."""

from __future__ import annotations

import hashlib
import hmac
import struct
from typing import TYPE_CHECKING, Final

import numpy as np

from quorate.digest import Digest, digest_from_raw
from quorate.errors import UsageError

if TYPE_CHECKING:
    from participants.data.table import Column, Table

KEY_SIZE: Final = 32
_TAG: Final = b"quorate.fingerprint/1"
_NAN: Final = struct.pack("<d", float("nan"))


def fingerprint(table: Table, *, key: bytes) -> Digest:
    """Return HMAC-SHA256 of a table's content under an organisation's key.

    The content is the multiset of records: neither the order of the rows, nor that of the columns, nor the file format
    matters, so that the same data under a second name, shuffled or converted, have the same fingerprint. It is the
    HMAC over the sorted column names and the sorted SHA-256 hashes of the records.

    Raises
    ------
    UsageError
        When the key does not have `KEY_SIZE` bytes.

    Notes
    -----
    An owner who alters one cell gets another fingerprint; nothing here can prevent that.
    """
    if len(key) != KEY_SIZE:
        raise UsageError(f"a fingerprint key has {KEY_SIZE} bytes, not {len(key)}")
    order = sorted(range(len(table.names)), key=lambda i: table.names[i])
    mac = hmac.new(key, _prefixed(_TAG), hashlib.sha256)
    mac.update(struct.pack(">QQ", len(order), table.rows))
    for i in order:
        mac.update(_prefixed(table.names[i].encode()))
    columns = [_encoded(table.columns[i]) for i in order]
    for digest in sorted(hashlib.sha256(b"".join(cells)).digest() for cells in zip(*columns, strict=True)):
        mac.update(digest)
    return digest_from_raw(mac.digest())


def _encoded(column: Column) -> list[bytes]:
    if column.dtype.kind == "f":
        values = (column.astype(np.float64) + 0.0).tolist()  # minus zero becomes zero
        return [b"f" + (_NAN if value != value else struct.pack("<d", value)) for value in values]  # noqa: PLR0124 - NaN
    return [b"s" + _prefixed(str(text).encode()) for text in column.tolist()]


def _prefixed(data: bytes) -> bytes:
    return struct.pack(">Q", len(data)) + data
