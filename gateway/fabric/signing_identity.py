"""An identity together with what signs for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.fabric import hash as hashes
from gateway.fabric.signer import AsyncSigner, OfflineSigner, Signer
from quorate.errors import UsageError

if TYPE_CHECKING:
    from gateway.fabric.hash import Hash
    from gateway.fabric.identity import Identity
    from gateway.fabric.signer import Sign


class SigningIdentity:
    """What every signed message of one gateway connection is made with.

    Parameters
    ----------
    identity
        Who speaks.
    signer
        Signs; a plain function signs what `hash` makes of a message. None: everything is signed elsewhere.
    hash
        What is signed of a message. The signer's own choice without it, and SHA-256 where it has none.
    """

    __slots__ = ("_sign", "digest", "holds_key", "identity")

    def __init__(
        self,
        identity: Identity,
        signer: Signer | AsyncSigner | Sign | None = None,
        *,
        hash: Hash | None = None,  # noqa: A002  # the official clients' name
    ) -> None:
        self.identity = identity
        if signer is None:
            signer = OfflineSigner()
        self.holds_key = not isinstance(signer, OfflineSigner)
        self._sign, own_hash = _taken_apart(signer)
        self.digest: Hash = hash or own_hash

    @property
    def creator(self) -> bytes:
        """The identity as messages name it."""
        return self.identity.creator

    async def sign(self, message: bytes) -> bytes:
        """Return the signature over this message."""
        signature = self._sign(self.digest(message))
        return signature if isinstance(signature, bytes) else await signature


def _taken_apart(signer: Signer | AsyncSigner | Sign) -> tuple[Sign, Hash]:
    if isinstance(signer, AsyncSigner):
        return signer.sign_async, signer.digest
    if isinstance(signer, Signer):
        return signer.sign, signer.digest
    if callable(signer):
        return signer, hashes.sha256
    raise UsageError(f"{type(signer).__name__} is no signer: it has no methods digest and sign, and is no function")
