"""Signing with a private key in memory, the way Fabric verifies it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.fabric import hash as hashes
from gateway.fabric.ecdsa import ORDERS, low_s
from gateway.fabric.secret_file import read_private_pem
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

# Of a digest made elsewhere only the length matters here: SHA3 digests are as long as those of SHA-2.
_BY_LENGTH: Final[Mapping[int, ec.ECDSA]] = MappingProxyType(
    {32: ec.ECDSA(Prehashed(SHA256())), 48: ec.ECDSA(Prehashed(SHA384()))}
)


class PrivateKeySigner:
    """Signs with an ECDSA (P-256, P-384) or Ed25519 key held in memory. The key is never shown.

    Parameters
    ----------
    key
        The private key. Ed25519 is accepted only by channels of capability V3_0.

    Raises
    ------
    UsageError
        Fabric knows no keys of this kind.
    """

    __slots__ = ("_digest", "_key", "_sign")

    def __init__(self, key: object) -> None:
        if isinstance(key, ed25519.Ed25519PrivateKey):
            self._digest: Callable[[bytes], bytes] = hashes.none
            self._sign: Callable[[bytes], bytes] = key.sign
        elif isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in ORDERS:
            self._digest, self._sign = hashes.sha256, _ecdsa(key)
        else:
            raise UsageError("the private key is neither ECDSA on P-256 or P-384 nor Ed25519")
        self._key = key

    @classmethod
    def from_pem(cls, pem: bytes, *, password: bytes | None = None, name: str = "the private key") -> PrivateKeySigner:
        """Return the signer of a PEM private key (PKCS#8 or SEC 1); errors call it `name`."""
        try:
            key = load_pem_private_key(pem, password)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # The parser's own words may quote the key.
            raise UsageError(f"{name} is not a readable PEM key, or its password is wrong") from None
        return cls(key)

    @classmethod
    def from_file(cls, path: Path, *, password: bytes | None = None) -> PrivateKeySigner:
        """Return the signer of a PEM key file, which only its owner may read (mode 0600 or stricter)."""
        return cls.from_pem(read_private_pem(path), password=password, name=f"the private key {path}")

    @property
    def public_key(self) -> ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey:
        """The public half."""
        return self._key.public_key()

    def digest(self, message: bytes) -> bytes:
        """Return the message's SHA-256 for ECDSA, the message itself for Ed25519."""
        return self._digest(message)

    def sign(self, digest: bytes) -> bytes:
        """Return the signature of what `digest` returned, or for ECDSA of any digest of 256 or 384 bits."""
        return self._sign(digest)

    def __repr__(self) -> str:
        return "PrivateKeySigner(<private>)"

    def __reduce__(self) -> str:
        raise TypeError("a private key signer cannot be pickled")


def _ecdsa(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    order = ORDERS[key.curve.name]

    def sign(digest: bytes) -> bytes:
        algorithm = _BY_LENGTH.get(len(digest))
        if algorithm is None:
            raise UsageError(f"an ECDSA key signs digests of 32 or 48 bytes, not of {len(digest)}")
        return low_s(key.sign(digest, algorithm), order)

    return sign
