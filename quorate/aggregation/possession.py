"""A hash that only a member who held every included update can have computed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from quorate.digest import PREFIX, Digest
from quorate.errors import IntegrityError
from quorate.tensors import DEFAULT_CHUNK, open_source
from quorate.tensors.source import size_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from quorate.tensors import Source

TAG: Final = b"quorate.possession/1"

_LENGTH_BYTES = 8


def possession(msp: str, study: str, round: int, attempt: int, included_updates: Iterable[Source]) -> Digest:
    """Return the possession hash of one member's attestation.

    SHA-256 over the tag ``quorate.possession/1``, then the MSP id, the study, the round and the attempt as text, then
    the whole file of every included update in canonical order (ascending MSP id and data set id), each preceded by
    its length in bytes as eight bytes, most significant first. It shows possession, not honest recomputation; the
    member's own name in it keeps it from being copied.

    Raises
    ------
    IntegrityError
        When a file changes its size while it is read.
    """
    state = hashlib.sha256(TAG)
    for text in (msp, study, str(round), str(attempt)):
        encoded = text.encode()
        state.update(_length(len(encoded)) + encoded)
    for source in included_updates:
        with open_source(source) as file:
            size = size_of(file)
            state.update(_length(size))
            if _update(state, file) != size:
                raise IntegrityError("an update changed its size while it was read")
    return Digest(PREFIX + state.hexdigest())


def _length(size: int) -> bytes:
    return size.to_bytes(_LENGTH_BYTES, "big")


def _update(state: hashlib._Hash, file: BinaryIO) -> int:
    total = 0
    while chunk := file.read(DEFAULT_CHUNK):
        state.update(chunk)
        total += len(chunk)
    return total
