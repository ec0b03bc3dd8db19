"""The files of a TLS connection, checked as they are read: gRPC itself would only fail to connect, again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gateway.fabric.secret_file import read_pem, read_private_pem
from quorate.errors import UsageError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_RENEW: Final = "Look at this machine's clock, then ask your organisation's CA for a new one."


def read_certificates(path: Path) -> bytes:
    """Return a PEM file that holds one certificate or more.

    Raises
    ------
    UsageError
        It holds none, or one that cannot be read.
    StorageError
        The file cannot be read.
    """
    pem = read_pem(path)
    _parse(pem, path)
    return pem


def read_pair(certificate: Path, key: Path) -> tuple[bytes, bytes]:
    """Return a certificate (its chain may follow) and its key, PEM; the key file must be private to its owner.

    Raises
    ------
    UsageError
        One of them is not readable PEM, the key is open to others, or it does not belong to the certificate.
    StorageError
        A file cannot be read.
    """
    pem, secret = read_pem(certificate), read_private_pem(key)
    leaf = _parse(pem, certificate)[0]
    try:
        public = load_pem_private_key(secret, None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The parser's own words may quote the key.
        raise UsageError(f"the TLS key {key} is not a readable PEM key without a password") from None
    if _spki(public) != _spki(leaf.public_key()):
        raise UsageError(f"the TLS key {key} does not belong to the certificate {certificate}")
    return pem, secret


def refuse_expired(path: Path, *, now: datetime) -> None:
    """Refuse a certificate that nobody accepts any more, or not yet; the other side would only hang up.

    Raises
    ------
    UsageError
        It is not valid `now`, or not readable.
    StorageError
        The file cannot be read.
    """
    found = _parse(read_pem(path), path)[0]
    if now > found.not_valid_after_utc:
        raise UsageError(f"the certificate {path} has expired on {found.not_valid_after_utc:%Y-%m-%d}", hint=_RENEW)
    if now < found.not_valid_before_utc:
        begins = f"{found.not_valid_before_utc:%Y-%m-%d %H:%M:%S}"
        raise UsageError(f"the certificate {path} is not valid before {begins} UTC", hint=_RENEW)


def _parse(pem: bytes, path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise UsageError(f"{path} holds no readable PEM certificate", cause=error) from error


def _spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
