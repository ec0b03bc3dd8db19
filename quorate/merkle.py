"""Merkle trees of RFC 6962, section 2.1: one root over a round's commits, and proofs that one of them is under it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from quorate.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

HASH_SIZE: Final = 32

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256 of a zero byte and the entry."""
    return hashlib.sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256 of a one byte and both children."""
    return hashlib.sha256(_NODE + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """Return the tree hash over leaf hashes in their order; of no leaves, the hash of nothing."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = _split(len(leaves))
    return node_hash(root(leaves[:split]), root(leaves[split:]))


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the hashes that lead from the leaf at `index` to the root, nearest first.

    Raises
    ------
    UsageError
        When there is no leaf at `index`.
    """
    _require_index(index, len(leaves))
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    left, right = leaves[:split], leaves[split:]
    if index < split:
        return [*inclusion_proof(left, index), root(right)]
    return [*inclusion_proof(right, index - split), root(left)]


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> None:
    """Return when `proof` shows `leaf` at `index` in the tree of `size` leaves under `expected_root`.

    Raises
    ------
    UsageError
        When there can be no leaf at `index` in such a tree.
    IntegrityError
        When the proof has the wrong length, a hash has the wrong size, or it leads to another root.
    """
    _require_index(index, size)
    if any(len(value) != HASH_SIZE for value in (leaf, *proof)):
        raise IntegrityError(f"an inclusion proof is made of hashes of {HASH_SIZE} bytes")
    sides = _sides(index, size)
    if len(proof) != len(sides):
        raise IntegrityError(f"the inclusion proof has {len(proof)} hashes, expected {len(sides)}")
    found = leaf
    for sibling, sibling_is_left in zip(proof, sides, strict=True):
        found = node_hash(sibling, found) if sibling_is_left else node_hash(found, sibling)
    if found != expected_root:
        raise IntegrityError(f"the inclusion proof leads to root {found.hex()}, expected {expected_root.hex()}")


def _split(size: int) -> int:
    """Return the largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _sides(index: int, size: int) -> list[bool]:
    """Return, from the leaf up, whether each sibling lies to the left."""
    sides: list[bool] = []
    while size > 1:
        split = _split(size)
        in_right = index >= split
        sides.append(in_right)
        index, size = (index - split, size - split) if in_right else (index, split)
    return sides[::-1]


def _require_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise UsageError(f"there is no leaf {index} in a tree of {size}")
