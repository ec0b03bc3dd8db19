"""Whether what a transaction read is still so: versions of keys, and the outcome of range queries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quorate.blocks.codes import TxValidationCode
from quorate.blocks.errors import RejectedError
from quorate.blocks.rwset import readable_key
from quorate.blocks.validation.ranges import is_unchanged
from quorate.blocks.validation.state import PUBLIC

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from quorate.blocks import protos
    from quorate.blocks.rwset import NamespaceSet
    from quorate.blocks.validation.state import Place, State, Versioned


def require_unread(sets: Sequence[NamespaceSet], pending: Mapping[Place, Versioned], state: State) -> None:
    """Return when nothing that a transaction read has changed since.

    Raises
    ------
    RejectedError
        When a key has another version or was written earlier in the block (``MVCC_READ_CONFLICT``), or a range holds
        something else (``PHANTOM_READ_CONFLICT``).
    """
    for part in sets:
        for read in part.public.reads:
            _require_version((part.namespace, PUBLIC, read.key), read, pending, state)
        for query in part.public.range_queries_info:
            if not is_unchanged(part.namespace, query, pending, state):
                span = f"{readable_key(query.start_key)} to {readable_key(query.end_key)}"
                message = f"what {part.namespace} holds from {span} has changed since it was read"
                raise RejectedError(TxValidationCode.PHANTOM_READ_CONFLICT, message)
        for collection in part.collections:
            for read in collection.hashed.hashed_reads:
                _require_version((part.namespace, collection.name, read.key_hash), read, pending, state)


def _require_version(place: Place, read: protos.AnyMessage, pending: Mapping[Place, Versioned], state: State) -> None:
    found = state.get(place)
    expected = (read.version.block_num, read.version.tx_num) if read.HasField("version") else None
    if place in pending or expected != (None if found is None else (found.block, found.index)):
        namespace, _, key = place
        name = readable_key(key) if isinstance(key, str) else key.hex()
        message = f"the key {name} of {namespace} was read at {expected}, and {_now(place, pending, found)}"
        raise RejectedError(TxValidationCode.MVCC_READ_CONFLICT, message)


def _now(place: Place, pending: Mapping[Place, Versioned], found: Versioned | None) -> str:
    if place in pending:
        return "an earlier transaction of the block wrote it"
    return "nothing stands there" if found is None else f"it is at {(found.block, found.index)}"
