"""Signatures as Fabric makes them: ECDSA over SHA-256, DER, with the smaller S; or Ed25519 over the message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from quorate.blocks.der import INTEGER, Elements
from quorate.blocks.errors import BlockError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

ORDERS: Final = {
    "secp224r1": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFF16A2E0B8F03E13DD29455C5C2A3D,
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16
    ),
    "secp521r1": int(
        "1FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFA"
        "51868783BF2F966B7FCC0148F709A5D03BB5C9B8899C47AEBB6FB71E91386409",
        16,
    ),
}
"""The number of points of the curves that Fabric knows: all of them, since one transaction that peers took and nobody
can verify would spoil the whole ledger's evidence."""

_ALGORITHM: Final = ec.ECDSA(SHA256())


def verify_signature(key: PublicKeyTypes, signature: bytes, message: bytes) -> None:
    """Return when `signature` is the key's over `message` as peers see it, who pass over bytes behind an ECDSA one.

    Raises
    ------
    BlockError
        When it is not, or has the larger S (of one signature anybody can make a second one with the other S, so only
        the smaller counts), or the key is of a kind that Fabric does not know.
    """
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ORDERS:
            key.verify(_in_one_form(signature, ORDERS[key.curve.name] // 2), message, _ALGORITHM)
        elif isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, message)
        else:
            raise BlockError("a key is neither ECDSA on a curve of NIST nor Ed25519")
    except InvalidSignature as error:
        raise BlockError("the signature is not this key's over these bytes", cause=error) from error


def verify_exact_signature(key: PublicKeyTypes, signature: bytes, message: bytes) -> None:
    """Return when `signature` is the key's over `message`, and no byte of it is without meaning.

    Raises
    ------
    BlockError
        When it is not; as `verify_signature`.
    """
    verify_signature(key, signature, message)
    if isinstance(key, ec.EllipticCurvePublicKey) and signature != _in_one_form(signature, ORDERS[key.curve.name]):
        raise BlockError("the signature is followed by bytes that say nothing")


def _in_one_form(signature: bytes, most: int) -> bytes:
    """Return R and S as DER and nothing else."""
    numbers = Elements(signature).enter()
    r, s = (_positive(numbers.take(INTEGER)) for _ in range(2))
    if s > most:
        raise BlockError("the signature has the larger of its two values of S")
    return encode_dss_signature(r, s)


def _positive(content: bytes) -> int:
    number = int.from_bytes(content, "big", signed=True)
    if number <= 0 or len(content) != number.bit_length() // 8 + 1:
        raise BlockError("the signature is not DER")
    return number
