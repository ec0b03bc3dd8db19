"""A channel's state as peers hold it: values and versions by key, public ones and hashes of private ones."""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PUBLIC = ""
"""In the place of a collection's name: the public state."""

Place: TypeAlias = tuple[str, str, str | bytes]
"""Namespace, collection and key; in a collection the key is a hash."""


@dataclass(frozen=True, slots=True)
class Versioned:
    """A key's value and metadata, and the block and transaction that wrote it; a value of None is a deletion."""

    value: bytes | None
    metadata: bytes | None
    block: int
    index: int


class State:
    """The state after the last block that was applied."""

    def __init__(self) -> None:
        self._found: dict[Place, Versioned] = {}
        self._sorted: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def get(self, place: Place) -> Versioned | None:
        """Return what stands at a place, None when nothing does."""
        return self._found.get(place)

    def items(self) -> Iterator[tuple[Place, Versioned]]:
        """Yield everything, in no order."""
        yield from self._found.items()

    def keys(self, namespace: str, start: str, end: str) -> list[str]:
        """Return the public keys of a namespace from `start` up to but without `end`, in order; no end when empty."""
        keys = self._sorted.get(namespace)
        if keys is None:
            found = (key for name, collection, key in self._found if (name, collection) == (namespace, PUBLIC))
            keys = self._sorted[namespace] = sorted(key for key in found if isinstance(key, str))
        return keys[bisect_left(keys, start) : bisect_left(keys, end) if end else None]

    def apply(self, updates: Mapping[Place, Versioned]) -> None:
        """Take over what a block changed."""
        for place, update in updates.items():
            namespace, collection, key = place
            keys = self._sorted.get(namespace) if collection == PUBLIC else None
            if keys is not None and isinstance(key, str):
                _reorder(keys, key, is_there=place in self._found, stays=update.value is not None)
            if update.value is None:
                self._found.pop(place, None)
            else:
                self._found[place] = update


def _reorder(keys: list[str], key: str, *, is_there: bool, stays: bool) -> None:
    if stays and not is_there:
        insort(keys, key)
    elif is_there and not stays:
        del keys[bisect_left(keys, key)]
