"""The exporter's signature: of equal manifests it is equal to the byte (RFC 6979)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.fabric import FileIdentity
from gateway.fabric.secret_file import read_private_pem
from quorate.blocks.signature import ORDERS
from quorate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.ledger.session import Profile

_ALGORITHM = ec.ECDSA(SHA256(), deterministic_signing=True)


class ProfileSealer:
    """Signs manifests with the identity of a profile.

    Raises
    ------
    UsageError
        When its files are not a certificate and the private key that belongs to it.
    """

    def __init__(
        self, msp_id: str, certificate: str, key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
    ) -> None:
        self.msp_id = msp_id
        self.certificate = certificate
        self._key = key

    @classmethod
    def of(cls, profile: Profile) -> Self:
        """Return the sealer of a profile's identity."""
        return cls.of_files(profile.msp_id, profile.certificate, profile.key)

    @classmethod
    def of_files(cls, msp_id: str, certificate: Path, key_file: Path) -> Self:
        """Return the sealer of a certificate and its private key."""
        identity, _ = FileIdentity(msp_id=msp_id, certificate=certificate, key=key_file).load()
        key = load_pem_private_key(read_private_pem(key_file), None)
        if not isinstance(key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey):
            raise UsageError("the private key is neither ECDSA nor Ed25519")
        return cls(identity.msp_id, identity.certificate.decode("ascii"), key)

    def sign(self, message: bytes) -> bytes:
        """Return the signature over a message, with the smaller S for ECDSA."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        r, s = decode_dss_signature(self._key.sign(message, _ALGORITHM))
        return encode_dss_signature(r, min(s, ORDERS[self._key.curve.name] - s))
