"""An identity together with what signs for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.fabric.signer import OfflineSigner

if TYPE_CHECKING:
    from gateway.fabric.identity import Identity
    from gateway.fabric.signer import Signer


@dataclass(frozen=True, slots=True)
class SigningIdentity:
    """What every signed message of one gateway connection is made with."""

    identity: Identity
    signer: Signer = field(repr=False)

    @property
    def creator(self) -> bytes:
        """The identity as messages name it."""
        return self.identity.creator

    @property
    def holds_key(self) -> bool:
        """Whether anything can be signed here."""
        return not isinstance(self.signer, OfflineSigner)

    def digest(self, message: bytes) -> bytes:
        """Return what is signed of this message."""
        return self.signer.digest(message)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over this message."""
        return self.signer.sign(self.signer.digest(message))
