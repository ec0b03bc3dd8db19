"""What a valid transaction changes: its writes, merged with the metadata or the value that it left alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from quorate.blocks import protos
from quorate.blocks.validation.state import PUBLIC, Place, State, Versioned

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from quorate.blocks.rwset import NamespaceSet

_UPSERT, _SET_METADATA, _DROP_METADATA, _DELETE = 1, 2, 4, 8
_BYTE = 0xFF
_HASH_OF_NOTHING: Final = hashlib.sha256(b"").digest()


@dataclass(slots=True)
class _Change:
    """A key's part of a transaction. Peers add flags up in a byte: a key written twice becomes something else."""

    flags: int = 0
    value: bytes | None = None
    metadata: bytes | None = None

    def mark(self, flag: int) -> None:
        self.flags = (self.flags + flag) & _BYTE

    @property
    def deletes(self) -> bool:
        return bool(self.flags & _DELETE)

    @property
    def is_whole(self) -> bool:
        return bool(self.flags & _UPSERT and self.flags & (_SET_METADATA | _DROP_METADATA))

    @property
    def keeps_metadata(self) -> bool:
        return self.flags | _UPSERT == _UPSERT


def changes_of(
    sets: Sequence[NamespaceSet], pending: Mapping[Place, Versioned], state: State, *, block: int, index: int
) -> dict[Place, Versioned]:
    """Return what a valid transaction changes.

    Parameters
    ----------
    pending
        What earlier transactions of its block change.
    state
        The state before the block.
    block, index
        Where the transaction stands: the version of what it writes.
    """
    found: dict[Place, Versioned] = {}
    for place, change in _collect(sets).items():
        before = pending.get(place) or state.get(place)
        value, metadata = change.value, change.metadata
        if change.deletes:
            value = metadata = None
        elif change.keeps_metadata:
            metadata = before.metadata if before else None
        elif not change.is_whole:
            if before is None or before.value is None:
                continue  # metadata of a key that is not there are dropped
            value = before.value
        found[place] = Versioned(value, metadata, block, index)
    return found


def metadata_places(sets: Iterable[NamespaceSet]) -> Iterator[Place]:
    """Yield the keys whose metadata a transaction writes."""
    for part in sets:
        for write in part.public.metadata_writes:
            yield part.namespace, PUBLIC, write.key
        for collection in part.collections:
            for write in collection.hashed.metadata_writes:
                yield part.namespace, collection.name, write.key_hash


def _collect(sets: Sequence[NamespaceSet]) -> dict[Place, _Change]:
    changes: dict[Place, _Change] = {}
    for part in sets:
        for write in part.writes:
            _write(changes.setdefault((part.namespace, PUBLIC, write.key), _Change()), write.value)
        for collection in part.collections:
            for hashed in collection.hashed.hashed_writes:
                gone = hashed.is_delete or hashed.value_hash in {b"", _HASH_OF_NOTHING}
                place = part.namespace, collection.name, hashed.key_hash
                _write(changes.setdefault(place, _Change()), None if gone else hashed.value_hash)
    for part in sets:
        for written in part.public.metadata_writes:
            _write_metadata(changes.setdefault((part.namespace, PUBLIC, written.key), _Change()), written.entries)
        for collection in part.collections:
            for written in collection.hashed.metadata_writes:
                place = part.namespace, collection.name, written.key_hash
                _write_metadata(changes.setdefault(place, _Change()), written.entries)
    return changes


def _write(change: _Change, value: bytes | None) -> None:
    if value is None:
        change.mark(_DELETE)
    else:
        change.mark(_UPSERT)
        change.value = value


def _write_metadata(change: _Change, entries: Sequence[protos.AnyMessage]) -> None:
    if entries:
        change.mark(_SET_METADATA)
        change.metadata = protos.KVMetadataWrite(entries=entries).SerializeToString()
    else:
        change.mark(_DROP_METADATA)
