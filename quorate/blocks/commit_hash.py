"""The chain of commit hashes by which peers can tell that they hold the same state.

Each is SHA-256 over the block's validation codes with their length, every key that the block changed, and the hash
before. It is not signed; it says what its peer decided, and members can compare theirs.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from quorate.blocks.rwset import NamespaceSet

Update = tuple[bytes | None, int, int]
"""A key's new value, None when it is deleted, and the block and transaction that wrote it."""


def updates_of(
    block: int, transactions: Iterable[tuple[int, tuple[NamespaceSet, ...]]]
) -> dict[tuple[str, str], Update]:
    """Return what a block's valid transactions changed, by namespace and key; of several writes the last counts."""
    return {
        (found.namespace, write.key): (write.value, block, index)
        for index, sets in transactions
        for found in sets
        for write in found.writes
    }


def next_commit_hash(codes: bytes, updates: Mapping[tuple[str, str], Update], previous: bytes) -> bytes:
    """Return the commit hash of a block.

    Parameters
    ----------
    codes
        Its ``TRANSACTIONS_FILTER``.
    updates
        See `updates_of`; public state only.
    previous
        The hash of the block before, empty for block 1.
    """
    return hashlib.sha256(_varint(len(codes)) + codes + _encode(updates) + previous).digest()


def _encode(updates: Mapping[tuple[str, str], Update]) -> bytes:
    """Return Fabric's deterministic encoding: the namespace stands only with the first of its keys."""
    out, last = bytearray(), None
    for namespace, key in sorted(updates, key=lambda place: (place[0].encode(), place[1].encode())):
        shown = namespace if namespace != last else ""
        last = namespace
        out += _field(1, _write(shown, key, updates[namespace, key]))
    return bytes(out)


def _write(namespace: str, key: str, update: Update) -> bytes:
    value, block, transaction = update
    parts = [_field(number, text.encode()) for number, text in ((1, namespace), (3, key)) if text]
    parts.append(_varint(4 << 3) + _varint(1) if value is None else _field(5, value))
    parts.append(_field(6, _order_preserving(block) + _order_preserving(transaction)))
    return b"".join(parts)


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _order_preserving(number: int) -> bytes:
    digits = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([len(digits)]) + digits
