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
class NamespaceSet:
    """What a transaction did in one namespace."""

    namespace: str
    reads: tuple[protos.AnyMessage, ...]
    writes: tuple[Write, ...]
    writes_metadata: bool
    writes_private: bool

    @property
    def writes_anything(self) -> bool:
        """Whether the namespace's endorsement policy is asked."""
        return bool(self.writes) or self.writes_metadata or self.writes_private


def decode_rwset(data: bytes) -> tuple[NamespaceSet, ...]:
    """Return a transaction's read and write sets, one per namespace.

    Raises
    ------
    BlockError
        When they cannot be decoded, or a namespace or a written key comes twice.
    """
    message = decode(protos.TxReadWriteSet, data, "the read and write set")
    found = tuple(_namespace(part) for part in message.ns_rwset)
    if len({part.namespace for part in found}) != len(found):
        raise BlockError("the read and write set names a namespace twice")
    return found


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


def composite_key(*parts: str) -> str:
    """Return the composite key of a kind and its parts, as Fabric's shim forms it."""
    return _SEPARATOR + "".join(part + _SEPARATOR for part in parts)


def _namespace(part: protos.AnyMessage) -> NamespaceSet:
    inner = decode(protos.KVRWSet, part.rwset, f"the write set of {part.namespace}")
    writes = tuple(
        Write(write.key, None if write.is_delete or not write.value else write.value) for write in inner.writes
    )
    if len({write.key for write in writes}) != len(writes):
        raise BlockError(f"the write set of {part.namespace} names a key twice")
    private = [decode(protos.HashedRWSet, c.hashed_rwset, "a collection") for c in part.collection_hashed_rwset]
    return NamespaceSet(
        namespace=part.namespace,
        reads=tuple(inner.reads),
        writes=writes,
        writes_metadata=bool(inner.metadata_writes) or any(c.metadata_writes for c in private),
        writes_private=any(c.hashed_writes for c in private),
    )
