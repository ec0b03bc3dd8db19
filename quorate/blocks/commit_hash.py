"""The chain of commit hashes by which peers can tell that they hold the same state.

Each is SHA-256 over the block's validation codes with their length, every key that the block changed, and the hash
before. It is not signed; it says what its peer decided, and members can compare theirs.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from quorate.blocks.validation.state import PUBLIC
from quorate.blocks.wire import varint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from quorate.blocks.validation.state import Place, Versioned


def next_commit_hash(codes: bytes, updates: Mapping[Place, Versioned], previous: bytes) -> bytes:
    """Return the commit hash of a block.

    Parameters
    ----------
    codes
        Its ``TRANSACTIONS_FILTER``.
    updates
        What it changed, public and hashed.
    previous
        The hash of the block before, empty for block 1.
    """
    state = begin_commit_hash(codes, updates)
    state.update(previous)
    return state.digest()


def begin_commit_hash(codes: bytes, updates: Mapping[Place, Versioned]) -> hashlib._Hash:
    """Return the hash of a block's own part, to which that of the block before it is still to be added."""
    return hashlib.sha256(varint(len(codes)) + codes + _encode(updates))


def _encode(updates: Mapping[Place, Versioned]) -> bytes:
    """Return Fabric's deterministic encoding: namespace and collection stand only with the first of their keys.

    What has no namespace, a channel's configuration, is left out.
    """
    out = bytearray()
    last: tuple[str, str] = ("", PUBLIC)
    for place in sorted((found for found in updates if found[0]), key=_order):
        namespace, collection = place[:2]
        shown = namespace if namespace != last[0] else "", collection if (namespace, collection) != last else ""
        last = namespace, collection
        out += _field(1, _write(shown, place[2], updates[place]))
    return bytes(out)


def _order(place: Place) -> tuple[bytes, bytes, bytes]:
    namespace, collection, key = place
    return namespace.encode(), collection.encode(), key.encode() if isinstance(key, str) else key


def _write(shown: tuple[str, str], key: str | bytes, update: Versioned) -> bytes:
    name = key.encode() if isinstance(key, str) else key
    fields = enumerate((shown[0].encode(), shown[1].encode(), name), 1)
    parts = [_field(number, content) for number, content in fields if content]
    parts.append(varint(4 << 3) + varint(1) if update.value is None else _field(5, update.value))
    parts.append(_field(6, _order_preserving(update.block) + _order_preserving(update.index)))
    return b"".join(parts)


def _field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def _order_preserving(number: int) -> bytes:
    digits = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([len(digits)]) + digits
