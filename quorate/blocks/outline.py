"""What a certificate's bytes say, read as leniently as any peer reads them.

Members' own authorities issue certificates, and nobody can keep one from issuing what a library refuses to read. Whose
it is can be told all the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from quorate.blocks.certificate import REMEMBERED, first_der, role_in
from quorate.blocks.der import BIT_STRING, IDENTIFIER, INTEGER, OCTET_STRING, SEQUENCE, Elements
from quorate.blocks.errors import BlockError
from quorate.blocks.signature import ORDERS
from quorate.digest import Digest, digest_of

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_VERSIONS: Final = range(1, 4)
_VERSION, _ISSUER_ID, _SUBJECT_ID, _EXTENSIONS = 0xA0, 0x81, 0x82, 0xA3
_BOOLEAN = 0x01
_ATTRIBUTES: Final = bytes.fromhex("2a03040506070801")
_ED25519: Final = bytes.fromhex("2b6570")
_EC: Final = bytes.fromhex("2a8648ce3d0201")
_CURVES: Final[dict[bytes, ec.EllipticCurve]] = {
    bytes.fromhex("2b81040021"): ec.SECP224R1(),
    bytes.fromhex("2a8648ce3d030107"): ec.SECP256R1(),
    bytes.fromhex("2b81040022"): ec.SECP384R1(),
    bytes.fromhex("2b81040023"): ec.SECP521R1(),
}
_ECDSA: Final[dict[bytes, hashes.HashAlgorithm]] = {
    bytes.fromhex("2a8648ce3d040302"): hashes.SHA256(),
    bytes.fromhex("2a8648ce3d040303"): hashes.SHA384(),
    bytes.fromhex("2a8648ce3d040304"): hashes.SHA512(),
}
_RSA: Final[dict[bytes, hashes.HashAlgorithm]] = {
    bytes.fromhex("2a864886f70d01010b"): hashes.SHA256(),
    bytes.fromhex("2a864886f70d01010c"): hashes.SHA384(),
    bytes.fromhex("2a864886f70d01010d"): hashes.SHA512(),
}
_RSA_PSS: Final = bytes.fromhex("2a864886f70d01010a")
MemberKey: TypeAlias = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The parts of a certificate, none of them judged.

    Attributes
    ----------
    tbs
        What its issuer signed.
    issuer, key
        Name and ``SubjectPublicKeyInfo``, as DER.
    algorithm
        The signature's object identifier.
    attributes
        What Fabric's CA wrote about the member; None when there is nothing.
    """

    pem: bytes
    der: bytes
    tbs: bytes
    version: int
    issuer: bytes
    key: bytes
    algorithm: bytes
    signature: bytes
    attributes: bytes | None

    @property
    def digest(self) -> Digest:
        """The digest by which records name the certificate."""
        return digest_of(self.der)

    @property
    def role(self) -> str:
        """The attribute ``quorate.role``, empty when there is none; BlockError when it cannot be read."""
        return "" if self.attributes is None else role_in(self.attributes)

    def public_key(self) -> MemberKey:
        """Return the member's key; BlockError when it is none that a member can have."""
        info = Elements(self.key).enter()
        algorithm = info.enter()
        name, bits = algorithm.take(IDENTIFIER), _whole_bytes(info)
        try:
            if name == _ED25519:
                return ed25519.Ed25519PublicKey.from_public_bytes(bits)
            if name == _EC and (curve := _CURVES.get(algorithm.take(IDENTIFIER))) is not None:
                return ec.EllipticCurvePublicKey.from_encoded_point(curve, bits)
        except ValueError as error:
            raise BlockError("a certificate's key cannot be read", cause=error) from error
        raise BlockError("a key is neither ECDSA on a curve of NIST nor Ed25519")

    def fingerprint(self, issuer: PublicKeyTypes) -> bytes:
        """Return what tells a member's certificates apart, 32 bytes.

        Not the digest of the whole: of a certificate that was signed with ECDSA anybody can make a second one, with
        the other of the signature's two values of S, and it is the same one all the same.
        """
        signature = self.signature
        if isinstance(issuer, ec.EllipticCurvePublicKey) and issuer.curve.name in ORDERS:
            r, s = decode_dss_signature(signature)
            signature = encode_dss_signature(r, min(s, ORDERS[issuer.curve.name] - s))
        return hashlib.sha256(self.tbs + signature).digest()

    def is_signed_by(self, issuer: PublicKeyTypes) -> bool:
        """Tell whether the signature is this authority's."""
        try:
            if isinstance(issuer, ed25519.Ed25519PublicKey):
                issuer.verify(self.signature, self.tbs)
            elif isinstance(issuer, ec.EllipticCurvePublicKey) and self.algorithm in _ECDSA:
                issuer.verify(self.signature, self.tbs, ec.ECDSA(_ECDSA[self.algorithm]))
            elif isinstance(issuer, rsa.RSAPublicKey) and self.algorithm in _RSA:
                issuer.verify(self.signature, self.tbs, padding.PKCS1v15(), _RSA[self.algorithm])
            elif isinstance(issuer, rsa.RSAPublicKey) and self.algorithm == _RSA_PSS:
                return any(self._is_signed_with_pss(issuer, algorithm) for algorithm in _RSA.values())
            else:
                return False
        except InvalidSignature:
            return False
        return True

    def _is_signed_with_pss(self, issuer: rsa.RSAPublicKey, algorithm: hashes.HashAlgorithm) -> bool:
        scheme = padding.PSS(padding.MGF1(algorithm), algorithm.digest_size)
        try:
            issuer.verify(self.signature, self.tbs, scheme, algorithm)
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=REMEMBERED)
def outline_of(pem: bytes) -> Outline:
    """Return the outline of the first certificate in a PEM text.

    Raises
    ------
    BlockError
        When there is none, or it is so malformed that no peer reads it.
    """
    der = first_der(pem)
    outer = Elements(der)
    certificate = outer.enter()
    tbs = certificate.take_whole(SEQUENCE)
    algorithm = certificate.enter().take(IDENTIFIER)
    signature = _whole_bytes(certificate)
    body = Elements(tbs).enter()
    version = int.from_bytes(body.enter(_VERSION).take(INTEGER), "big") + 1 if body.next_tag == _VERSION else 1
    body.take(INTEGER)
    body.take(SEQUENCE)
    issuer = body.take_whole(SEQUENCE)
    body.take(SEQUENCE)
    body.take(SEQUENCE)
    key = body.take_whole(SEQUENCE)
    if outer.next_tag is not None or version not in _VERSIONS:
        raise BlockError("a certificate is followed by something, or is of a version that nobody knows")
    return Outline(
        pem=pem,
        der=der,
        tbs=tbs,
        version=version,
        issuer=issuer,
        key=key,
        algorithm=algorithm,
        signature=signature,
        attributes=_attributes(body) if version == max(_VERSIONS) else None,
    )


def _attributes(body: Elements) -> bytes | None:
    for tag in (_ISSUER_ID, _SUBJECT_ID):
        if body.next_tag == tag:
            body.take(tag)
    extensions = body.enter(_EXTENSIONS).enter() if body.next_tag == _EXTENSIONS else Elements(b"")
    found = None
    while extensions.next_tag is not None:
        extension = extensions.enter()
        name = extension.take(IDENTIFIER)
        if extension.next_tag != OCTET_STRING:
            extension.take(_BOOLEAN)
        if name == _ATTRIBUTES:
            found = extension.take(OCTET_STRING)
    return found


def _whole_bytes(elements: Elements) -> bytes:
    bits = elements.take(BIT_STRING)
    if bits[:1] != b"\0":
        raise BlockError("a certificate has a signature or a key that is not of whole bytes")
    return bits[1:]
