"""In whose namespaces a transaction writes."""

from __future__ import annotations

from quorate.blocks import protos


def foreign_writes(results: bytes, *own: str) -> list[str]:
    """Return the names of the namespaces, other than these, that a read and write set writes in.

    Values, metadata and private data hashes all count as writes. Reads may be anywhere: peers themselves read
    ``_lifecycle`` in every transaction.

    Raises
    ------
    google.protobuf.message.DecodeError
        The bytes are no read and write set.
    """
    read_write_set = protos.TxReadWriteSet.FromString(results)
    return sorted({ns.namespace for ns in read_write_set.ns_rwset if ns.namespace not in own and _writes(ns)})


def _writes(namespace: protos.AnyMessage) -> bool:
    public = protos.KVRWSet.FromString(namespace.rwset)
    private = [protos.HashedRWSet.FromString(each.hashed_rwset) for each in namespace.collection_hashed_rwset]
    return bool(
        public.writes or public.metadata_writes or any(each.hashed_writes or each.metadata_writes for each in private)
    )
