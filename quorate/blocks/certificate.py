"""Certificates as members of a network carry them."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID, ObjectIdentifier

from quorate.blocks.errors import BlockError
from quorate.blocks.pem import first_block
from quorate.digest import Digest, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

_Parsed = TypeVar("_Parsed")

ATTRIBUTES: Final = ObjectIdentifier("1.2.3.4.5.6.7.8.1")
"""Where Fabric's CA writes attributes: JSON, without an ASN.1 wrapper."""

ROLE: Final = "quorate.role"

REMEMBERED: Final = 256
"""How many certificates each cache holds: of the largest size, a hostile ledger fills it with some 30 MB."""

_MAX_PEM = 64 * 1024


@lru_cache(maxsize=REMEMBERED)
def load_certificate(pem: bytes) -> x509.Certificate:
    """Return the one certificate in a PEM text; all of it that is asked for later can be read.

    Raises
    ------
    BlockError
        When it holds none, more than one, one that cannot be read, or is larger than 64 KiB.
    """
    _require_small(pem)
    found = _parsed(x509.load_pem_x509_certificates, pem)
    if len(found) != 1:
        raise BlockError(f"{len(found)} certificates stand where one is expected")
    _require_readable(found[0])
    return found[0]


@lru_cache(maxsize=REMEMBERED)
def first_certificate(pem: bytes) -> x509.Certificate:
    """Return the first certificate in a PEM text, whatever else it holds: what a peer takes an identity from.

    Raises
    ------
    BlockError
        When the first block of the text is none, or cannot be read; or the text is larger than 64 KiB.
    """
    found = _parsed(x509.load_der_x509_certificate, first_der(pem))
    _require_readable(found)
    return found


def first_der(pem: bytes) -> bytes:
    """Return what the first block of a PEM text holds, read or not.

    Raises
    ------
    BlockError
        When it has no block, or is larger than 64 KiB.
    """
    _require_small(pem)
    der = first_block(pem)
    if der is None:
        raise BlockError("a certificate is not readable PEM")
    return der


def certificate_digest(certificate: x509.Certificate) -> Digest:
    """Return the digest of the certificate's DER, by which records name it."""
    return digest_of(der_of(certificate))


def units(certificate: x509.Certificate) -> tuple[str, ...]:
    """Return the organisational units in the subject."""
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return tuple(value if isinstance(value := unit.value, str) else value.decode("utf-8", "replace") for unit in found)


def der_of(certificate: x509.Certificate) -> bytes:
    """Return the bytes that were signed, with the signature."""
    return certificate.public_bytes(Encoding.DER)


def _require_small(pem: bytes) -> None:
    if len(pem) > _MAX_PEM:
        raise BlockError(f"a certificate has {len(pem)} bytes, more than {_MAX_PEM}")


def _parsed(parse: Callable[[bytes], _Parsed], data: bytes) -> _Parsed:
    try:
        return parse(data)
    except (ValueError, x509.InvalidVersion) as error:
        raise BlockError("a certificate is not readable PEM", cause=error) from error


def _require_readable(certificate: x509.Certificate) -> None:
    # The library reads these parts only when asked, and would raise then.
    try:
        certificate.public_key()
        certificate.extensions  # noqa: B018 - read for its errors
        certificate.subject, certificate.issuer  # noqa: B018 - read for its errors
        certificate.not_valid_before_utc, certificate.not_valid_after_utc  # noqa: B018 - read for its errors
    except (
        ValueError,
        TypeError,  # a bit string in a name
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        UnsupportedAlgorithm,
    ) as error:
        raise BlockError("a certificate cannot be read", cause=error) from error


def is_authority(certificate: x509.Certificate) -> bool:
    """Tell whether a certificate says that its holder may issue others."""
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Tell whether a certificate names another as its issuer and bears its signature."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def role_of(certificate: x509.Certificate) -> str:
    """Return the attribute ``quorate.role``, empty when the certificate has none.

    Raises
    ------
    BlockError
        When its attributes cannot be read.
    """
    try:
        extension = certificate.extensions.get_extension_for_oid(ATTRIBUTES).value
    except x509.ExtensionNotFound:
        return ""
    return role_in(extension.value) if isinstance(extension, x509.UnrecognizedExtension) else ""


def role_in(attributes: bytes) -> str:
    """Return the role among a certificate's attributes; as `role_of`."""
    try:
        content = json.loads(attributes)
    except (ValueError, RecursionError) as error:
        raise BlockError("a certificate's attributes are not JSON", cause=error) from error
    named = content.get("attrs") if isinstance(content, dict) else None
    role = named.get(ROLE, "") if isinstance(named, dict) else ""
    return role if isinstance(role, str) else ""
