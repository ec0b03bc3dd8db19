"""Range queries run again: their outcome is compared key by key, or by the hash tree that stands for a long one."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.validation.state import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quorate.blocks.validation.state import Place, State, Versioned

_LEAST_DEGREE: Final = 2


def is_unchanged(namespace: str, query: protos.AnyMessage, pending: Mapping[Place, Versioned], state: State) -> bool:
    """Tell whether a range query (``kvrwset.RangeQueryInfo``) would have the same outcome now."""
    now = _outcome(namespace, query, pending, state)
    if query.WhichOneof("reads_info") == "reads_merkle_hashes":
        then = query.reads_merkle_hashes
        if then.max_degree < _LEAST_DEGREE:
            return False
        return summary(now, then.max_degree) == (then.max_level, list(then.max_level_hashes))
    reads = [(read.key, (read.version.block_num, read.version.tx_num)) for read in query.raw_reads.kv_reads]
    return reads == [(key, (found.block, found.index)) for key, found in now]


def _outcome(
    namespace: str, query: protos.AnyMessage, pending: Mapping[Place, Versioned], state: State
) -> list[tuple[str, Versioned]]:
    keys = set(state.keys(namespace, query.start_key, query.end_key))
    for name, collection, key in pending:
        if (name, collection) == (namespace, PUBLIC) and isinstance(key, str):  # noqa: SIM102 - one thought each
            if query.start_key <= key and (not query.end_key or key < query.end_key):
                keys.add(key)
    ordered = sorted(keys)
    if not query.itr_exhausted:
        ordered.append(query.end_key)  # whoever stopped early has seen the end itself
    found = []
    for key in ordered:
        place = namespace, PUBLIC, key
        value = pending.get(place) or state.get(place)
        if value is not None and value.value is not None:
            found.append((key, value))
    return found


def summary(found: Sequence[tuple[str, Versioned]], degree: int) -> tuple[int, list[bytes]] | None:
    """Return level and hashes at the top of the tree over these results; None when there are too few for a tree."""
    if len(found) <= degree:
        return None
    tree = _Tree(degree)
    for start in range(0, len(found), degree + 1):
        tree.add(_hash_of(found[start : start + degree + 1]))
    return tree.finish()


class _Tree:
    """Peers' hash tree over query results: as soon as a level holds more than `degree` hashes it becomes one above."""

    def __init__(self, degree: int) -> None:
        self._degree = degree
        self._levels: dict[int, list[bytes]] = {}
        self._top = 1

    def add(self, leaf: bytes) -> None:
        level = 1
        self._put(level, leaf)
        while len(self._levels[level]) > self._degree:
            combined = _combine(self._levels.pop(level))
            level += 1
            self._put(level, combined)
        self._top = max(self._top, level)

    def finish(self) -> tuple[int, list[bytes]]:
        for level in range(1, self._top):
            hashes = self._levels.pop(level, [])
            if hashes:
                self._put(level + 1, hashes[0] if len(hashes) == 1 else _combine(hashes))
        if len(self._levels[self._top]) > self._degree:
            combined = _combine(self._levels.pop(self._top))
            self._top += 1
            self._levels[self._top] = [combined]
        return self._top, self._levels[self._top]

    def _put(self, level: int, value: bytes) -> None:
        self._levels.setdefault(level, []).append(value)


def _combine(hashes: Sequence[bytes]) -> bytes:
    return hashlib.sha256(b"".join(hashes)).digest()


def _hash_of(found: Sequence[tuple[str, Versioned]]) -> bytes:
    reads = protos.QueryReads()
    for key, value in found:
        read = reads.kv_reads.add(key=key)
        read.version.SetInParent()
        read.version.block_num, read.version.tx_num = value.block, value.index
    return hashlib.sha256(reads.SerializeToString()).digest()
