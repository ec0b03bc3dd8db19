"""What a transaction read and wrote, by namespace."""

from __future__ import annotations

from dataclasses import dataclass

from quorate.blocks import protos
from quorate.blocks.decode import decode
from quorate.blocks.errors import BlockError

_SEPARATOR = "\x00"


@dataclass(frozen=True, slots=True)
class Write:
    """A key and its new value; None when the key is deleted."""

    key: str
    value: bytes | None


@dataclass(frozen=True, slots=True)
class CollectionSet:
    """What a transaction did in one private collection: hashes of keys and values, as ``kvrwset.HashedRWSet``."""

    name: str
    hashed: protos.AnyMessage


@dataclass(frozen=True, slots=True)
class NamespaceSet:
    """What a transaction did in one namespace; `public` is the ``kvrwset.KVRWSet`` that `writes` are taken from."""

    namespace: str
    public: protos.AnyMessage
    writes: tuple[Write, ...]
    collections: tuple[CollectionSet, ...]

    @property
    def writes_metadata(self) -> bool:
        """Whether metadata of public or private keys are written: key-level endorsement policies."""
        return bool(self.public.metadata_writes) or any(part.hashed.metadata_writes for part in self.collections)

    @property
    def writes_private(self) -> bool:
        """Whether private keys are written."""
        return any(part.hashed.hashed_writes for part in self.collections)

    @property
    def writes_anything(self) -> bool:
        """Whether the namespace's endorsement policy is asked."""
        return bool(self.writes) or self.writes_metadata or self.writes_private


def decode_rwset(data: bytes) -> tuple[NamespaceSet, ...]:
    """Return a transaction's read and write sets in their order; whether namespaces or keys repeat is not asked here.

    Raises
    ------
    BlockError
        When they cannot be decoded.
    """
    message = decode(protos.TxReadWriteSet, data, "the read and write set")
    return tuple(_namespace(part) for part in message.ns_rwset)


def split_composite_key(key: str) -> tuple[str, ...]:
    """Return the kind and the parts of a composite key; a plain key is returned as its only part.

    Raises
    ------
    BlockError
        When it begins as a composite key and does not end as one.
    """
    if not key.startswith(_SEPARATOR):
        return (key,)
    if not key.endswith(_SEPARATOR) or len(key) < 2:  # noqa: PLR2004 - a separator at either end
        raise BlockError(f"not a composite key: {key[:200]!r}")
    return tuple(key[1:-1].split(_SEPARATOR))


def readable_key(key: str) -> str:
    """Return a key for people, composite or not, shortened."""
    return "~".join(part for part in key.split(_SEPARATOR) if part)[:200]


def composite_key(*parts: str) -> str:
    """Return the composite key of a kind and its parts, as Fabric's shim forms it."""
    return _SEPARATOR + "".join(part + _SEPARATOR for part in parts)


def _namespace(part: protos.AnyMessage) -> NamespaceSet:
    public = decode(protos.KVRWSet, part.rwset, f"the write set of {part.namespace}")
    return NamespaceSet(
        namespace=part.namespace,
        public=public,
        writes=tuple(
            Write(write.key, None if write.is_delete or not write.value else write.value) for write in public.writes
        ),
        collections=tuple(
            CollectionSet(found.collection_name, decode(protos.HashedRWSet, found.hashed_rwset, "a collection"))
            for found in part.collection_hashed_rwset
        ),
    )
