"""Signing with a private key, the way Fabric verifies it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.fabric.secret_file import read_private_pem
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_ORDERS: Final = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
}


def sha256(message: bytes) -> bytes:
    """Return what an ECDSA signer signs: the SHA-256 of the message, whatever the curve."""
    return hashlib.sha256(message).digest()


def whole(message: bytes) -> bytes:
    """Return what an Ed25519 signer signs: the message itself."""
    return message


@runtime_checkable
class Signer(Protocol):
    """Holds a private key, or knows who does."""

    def digest(self, message: bytes) -> bytes:
        """Return what `sign` wants of this message: its SHA-256 for ECDSA, the message itself for Ed25519."""
        ...

    def sign(self, digest: bytes) -> bytes:
        """Return the signature: DER with low S for ECDSA."""
        ...


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
            self._digest: Callable[[bytes], bytes] = whole
            self._sign: Callable[[bytes], bytes] = key.sign
        elif isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in _ORDERS:
            self._digest, self._sign = sha256, _ecdsa(key)
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
        """Return the signature of what `digest` returned."""
        return self._sign(digest)

    def __repr__(self) -> str:
        return "PrivateKeySigner(<private>)"

    def __reduce__(self) -> str:
        raise TypeError("a private key signer cannot be pickled")


class OfflineSigner:
    """Stands in where the key is elsewhere.

    Digests come out; signatures go in through `Gateway.new_signed_proposal` and its kin.

    Parameters
    ----------
    digest
        What the holder of the key signs; `sha256` unless the key is Ed25519, then `whole`.
    """

    def __init__(self, digest: Callable[[bytes], bytes] = sha256) -> None:
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


def low_s(signature: bytes, order: int) -> bytes:
    """Return the same DER signature with the smaller of its two values of S, the only one that Fabric accepts."""
    r, s = decode_dss_signature(signature)
    return encode_dss_signature(r, min(s, order - s))


def _ecdsa(key: ec.EllipticCurvePrivateKey) -> Callable[[bytes], bytes]:
    algorithm = ec.ECDSA(Prehashed(SHA256()))
    order = _ORDERS[key.curve.name]

    def sign(digest: bytes) -> bytes:
        return low_s(key.sign(digest, algorithm), order)

    return sign
