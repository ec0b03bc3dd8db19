"""Signing with one key of a token."""

from __future__ import annotations

import asyncio
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol, Self

from gateway.fabric import hash as hashes
from gateway.fabric.ecdsa import ORDERS, der_of_raw
from quorate.errors import IntegrityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Executor
    from types import TracebackType

    import pkcs11

    from gateway.fabric.hsm.library import Library

_CURVES: Final[Mapping[bytes, int]] = MappingProxyType(
    {
        bytes.fromhex("06082a8648ce3d030107"): ORDERS["secp256r1"],
        bytes.fromhex("06052b81040022"): ORDERS["secp384r1"],
    }
)
_DIGESTS: Final = (32, 48)


class SigningKey(Protocol):
    """What is needed of a private key in a token."""

    @property
    def key_type(self) -> pkcs11.KeyType:
        """What kind of key it is."""
        ...

    def __getitem__(self, attribute: pkcs11.Attribute) -> object: ...

    def sign(self, data: bytes, *, mechanism: pkcs11.Mechanism) -> bytes:
        """Return the signature as the token gives it."""
        ...


class HSMSigner:
    """Signs with a key that stays in its token. Made by `HSMSignerFactory.new_signer`, and closed when it is done.

    It is both a `Signer`, for any number of threads, and an `AsyncSigner`, so that an event loop goes on while the
    token works. A token signs one message at a time.
    """

    def __init__(
        self,
        library: Library,
        session: pkcs11.Session,
        key: SigningKey,
        *,
        executor: Executor,
        on_close: Callable[[HSMSigner], None],
    ) -> None:
        self._library = library
        self._session = session
        self._key = key
        self._executor = executor
        self._on_close = on_close
        self._closed = False
        self._order = _order(library, key)

    def digest(self, message: bytes) -> bytes:
        """Return the message's SHA-256 for ECDSA, the message itself for Ed25519."""
        return hashes.none(message) if self._order is None else hashes.sha256(message)

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of what `digest` returned, or for ECDSA of any digest of 256 or 384 bits.

        Raises
        ------
        UnreachableError
            The token did not sign.
        UsageError
            The signer is closed, or this is no digest.
        """
        from pkcs11 import Mechanism  # noqa: PLC0415  # an extra

        if self._order is None:
            return self._signed(digest, Mechanism.EDDSA)
        if len(digest) not in _DIGESTS:
            raise UsageError(f"an ECDSA key signs digests of 32 or 48 bytes, not of {len(digest)}")
        raw = self._signed(digest, Mechanism.ECDSA)
        try:
            return der_of_raw(raw, self._order)
        except ValueError as error:
            raise IntegrityError(f"the token's signature has another form: {error}", cause=error) from error

    async def sign_async(self, digest: bytes) -> bytes:
        """Return the same; the event loop goes on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self.sign, digest)

    def close(self) -> None:
        """End the session with the token. May be called again."""
        with self._library.calling("end a session"):
            if self._closed:
                return
            self._closed = True
            try:
                self._session.close()
            finally:
                self._on_close(self)

    def _signed(self, data: bytes, mechanism: pkcs11.Mechanism) -> bytes:
        with self._library.calling("sign"):
            if self._closed:
                raise UsageError("this signer was closed", hint="Make a new one with HSMSignerFactory.new_signer.")
            return self._key.sign(data, mechanism=mechanism)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return "HSMSigner(<in a token>)"


def _order(library: Library, key: SigningKey) -> int | None:
    """Return the order of the key's curve; None for Ed25519."""
    from pkcs11 import Attribute, KeyType  # noqa: PLC0415  # an extra

    with library.calling("tell what kind of key this is"):
        kind = key.key_type
        parameters = key[Attribute.EC_PARAMS] if kind is KeyType.EC else b""
    if kind is KeyType.EC_EDWARDS:
        return None
    if not isinstance(parameters, bytes) or parameters not in _CURVES:
        raise UsageError("the token's key is neither ECDSA on P-256 or P-384 nor Ed25519")
    return _CURVES[parameters]
