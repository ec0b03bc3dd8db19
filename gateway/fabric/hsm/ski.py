"""The name under which Fabric's tools keep a key in a token."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from quorate.errors import UsageError

if TYPE_CHECKING:
    from gateway.fabric.identity import Identity


def ski(identity: Identity) -> bytes:
    """Return the subject key identifier of an identity's key, which Fabric's tools store as the key's CKA_ID.

    It is the SHA-256 of the public key: of its uncompressed point for ECDSA, of its 32 bytes for Ed25519.

    Raises
    ------
    UsageError
        Fabric knows no keys of this kind.
    """
    key = identity.x509.public_key()
    if isinstance(key, EllipticCurvePublicKey):
        public = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    elif isinstance(key, Ed25519PublicKey):
        public = key.public_bytes_raw()
    else:
        raise UsageError(f"the certificate of {identity.msp_id} has a key that is neither ECDSA nor Ed25519")
    return hashlib.sha256(public).digest()
