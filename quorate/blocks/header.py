"""A block's header and the two hashes that hold a chain together."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from quorate.digest import Digest, digest_from_raw

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEQUENCE = b"\x30"
_INTEGER = b"\x02"
_OCTETS = b"\x04"
_SHORT_FORM = 0x80


@dataclass(frozen=True)
class BlockHeader:
    """What a block is known by: its number, the hash of the header before, the hash of its own entries."""

    number: int
    previous_hash: bytes
    data_hash: bytes

    @cached_property
    def encoded(self) -> bytes:
        """The header as DER: what is hashed, and what orderers sign."""
        content = _der(_INTEGER, _unsigned(self.number)) + _der(_OCTETS, self.previous_hash)
        return _der(_SEQUENCE, content + _der(_OCTETS, self.data_hash))

    @cached_property
    def hash(self) -> bytes:
        """SHA-256 of the encoded header, 32 bytes: the next block's `previous_hash`."""
        return hashlib.sha256(self.encoded).digest()

    @property
    def digest(self) -> Digest:
        """The same hash as text; of block 0, what a verifier pins."""
        return digest_from_raw(self.hash)


def data_hash(entries: Iterable[bytes]) -> bytes:
    """Return SHA-256 over the concatenated entries.

    The concatenation does not say where an entry ends: `quorate.blocks.block` demands that every entry be in the one
    form from which the ends follow.
    """
    state = hashlib.sha256()
    for entry in entries:
        state.update(entry)
    return state.digest()


def _unsigned(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def _der(tag: bytes, content: bytes) -> bytes:
    size = len(content)
    if size < _SHORT_FORM:
        return tag + bytes([size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return tag + bytes([_SHORT_FORM | len(length)]) + length + content
