"""Asking for a certificate and checking what comes back: the key is made here and stays here."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from network.identity.authority import Issued
from quorate.blocks.certificate import is_authority, is_issued_by
from quorate.errors import IntegrityError, UsageError

Key = ec.EllipticCurvePrivateKey

_CLOCKS_MAY_DIFFER = timedelta(minutes=5)


def new_request(name: str, *, organisation: str, names: x509.SubjectAlternativeName | None = None) -> tuple[Key, str]:
    """Make a key (ECDSA, P-256) and a request (PKCS #10, PEM) to certify it.

    Raises
    ------
    UsageError
        If a name does not fit into a certificate.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    try:
        subject = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if organisation:
            subject.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    except ValueError as error:
        raise UsageError(f"{name[:80]!r} does not fit into a certificate: {error}.", cause=error) from error
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names is not None:
        builder = builder.add_extension(names, critical=False)
    return key, builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode("ascii")


def check(pem: bytes, key: Key, *, name: str, authorities: Sequence[x509.Certificate], where: str) -> Issued:
    """Return a certificate that a CA answered with, if it is the one that was asked for.

    Raises
    ------
    IntegrityError
        If it is not one certificate, for another key or name, that of an authority, not valid now, or not issued by one
        of the authorities.
    """
    certificate = _parse(pem, where)
    try:
        wrong = next(iter(_faults(certificate, key, name, authorities)), "")
    except (ValueError, UnsupportedAlgorithm):
        wrong = "cannot be read"
    if wrong:
        raise IntegrityError(
            f"The CA at {where} answered an enrolment of {name!r} with a certificate that {wrong}.",
            hint="Nothing was stored. Check the CA's address and the authority that you expect it to issue from.",
        )
    return Issued(certificate=certificate, key=key)


def common_name(pem: bytes) -> str:
    """Return the common name of a certificate, which for a Fabric CA is the identity's name.

    Raises
    ------
    UsageError
        If it is not one certificate with one common name.
    """
    try:
        (certificate,) = x509.load_pem_x509_certificates(pem)
        (name,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError as error:
        raise UsageError("The certificate is not one that a Fabric CA issued.", cause=error) from error
    return str(name.value)


def _parse(pem: bytes, where: str) -> x509.Certificate:
    try:
        (certificate,) = x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise IntegrityError(f"The CA at {where} did not answer with one certificate.", cause=error) from error
    return certificate


def _faults(
    certificate: x509.Certificate, key: Key, name: str, authorities: Sequence[x509.Certificate]
) -> Iterable[str]:
    now = datetime.now(tz=UTC)
    if certificate.public_key() != key.public_key():
        yield "is for another key"
    if [each.value for each in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] != [name]:
        yield "is for another name"
    if is_authority(certificate):
        yield "makes its holder an authority"
    if certificate.not_valid_before_utc > now + _CLOCKS_MAY_DIFFER or certificate.not_valid_after_utc <= now:
        yield "is not valid now (do the clocks agree?)"
    if not any(is_issued_by(certificate, each) for each in authorities):
        yield "was issued by another authority"
