"""What makes a transaction unique: a nonce, and the id that follows from it."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Final

from quorate.blocks import protos

_NONCE_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class TransactionContext:
    """A fresh nonce for one creator. The transaction id is the SHA-256, in hex, of nonce and creator."""

    creator: bytes
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(_NONCE_BYTES))

    @property
    def transaction_id(self) -> str:
        """The id, 64 characters of lower-case hex."""
        return transaction_id_of(self.nonce, self.creator)

    @property
    def signature_header(self) -> bytes:
        """The header that names creator and nonce."""
        serialized: bytes = protos.SignatureHeader(creator=self.creator, nonce=self.nonce).SerializeToString()
        return serialized


def transaction_id_of(nonce: bytes, creator: bytes) -> str:
    """Return the transaction id that belongs to this nonce and creator."""
    return hashlib.sha256(nonce + creator).hexdigest()
