"""What signs: the forms it can have, and what stands in where the key is elsewhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeAlias, runtime_checkable

from gateway.fabric import hash as hashes
from quorate.errors import UsageError

if TYPE_CHECKING:
    from gateway.fabric.hash import Hash

Sign: TypeAlias = Callable[[bytes], "bytes | Awaitable[bytes]"]
"""A function from a digest to its signature, now or awaited: the official clients' form of a signer."""


@runtime_checkable
class Signer(Protocol):
    """Holds a private key, or knows who does."""

    def digest(self, message: bytes) -> bytes:
        """Return what `sign` wants of this message: its SHA-256 for ECDSA, the message itself for Ed25519."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """Return the signature: DER with low S for ECDSA."""
        ...


@runtime_checkable
class AsyncSigner(Protocol):
    """Signs where it takes time, in a token or a service; the event loop goes on meanwhile."""

    def digest(self, message: bytes) -> bytes:
        """Return what `sign_async` wants of this message."""
        ...

    async def sign_async(self, digest: bytes) -> bytes:
        """Return the signature: DER with low S for ECDSA."""
        ...


class OfflineSigner:
    """Stands in where the key is elsewhere.

    Digests come out; signatures go in through `Gateway.new_signed_proposal` and its kin.

    Parameters
    ----------
    digest
        What the holder of the key signs; `hash.sha256` unless the key is Ed25519, then `hash.none`.
    """

    def __init__(self, digest: Hash = hashes.sha256) -> None:
        self._digest = digest

    def digest(self, message: bytes) -> bytes:
        """Return what the holder of the key is to sign."""
        return self._digest(message)

    def sign(self, digest: bytes) -> bytes:
        """Refuse: there is no key here."""
        raise UsageError(
            f"no signer was given, so nothing signs these {len(digest)} bytes",
            hint="Sign the object's digest elsewhere and hand bytes and signature to Gateway.new_signed_…",
        )
