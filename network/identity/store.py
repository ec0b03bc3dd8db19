"""Certificates and keys on disk: written whole or not at all, kept once they exist."""

import os
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from network.identity.authority import Issued
from network.identity.layout import KeyPair
from quorate.errors import IntegrityError, StorageError


def keep_or_make_authority(pair: KeyPair, make: Callable[[], Issued]) -> Issued:
    """Return the authority stored at `pair`; make and store it if there is none.

    Raises
    ------
    IntegrityError
        If what is stored is not a certificate and the key that belongs to it.
    StorageError
        If it cannot be read or written.
    """
    try:
        return _read(pair) or _write(pair, make())
    except OSError as error:
        raise _storage_error(pair, error) from error


def keep_or_issue(pair: KeyPair, authority: Issued, make: Callable[[], Issued]) -> None:
    """Leave the certificate stored at `pair` as it is if `authority` issued it; make and store it if there is none.

    Errors are those of `find` and `put`.
    """
    if find(pair, authority.certificate) is None:
        put(pair, make())


def find(pair: KeyPair, authority: x509.Certificate) -> Issued | None:
    """Return the certificate stored at `pair` with its key; None if there is none.

    Raises
    ------
    IntegrityError
        If what is stored was issued by another authority, or is not a certificate and its key.
    StorageError
        If it cannot be read.
    """
    try:
        stored = _read(pair)
        if stored is not None:
            stored.certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as error:
        raise IntegrityError(
            f"{pair.cert} was not issued by its organisation's authority.",
            hint="Delete the organisation's folder to have everything issued anew; the ledger must then be new too.",
            cause=error,
        ) from error
    except OSError as error:
        raise _storage_error(pair, error) from error
    return stored


def put(pair: KeyPair, issued: Issued) -> None:
    """Store a certificate and its key, in place of what is there.

    Raises
    ------
    StorageError
        If they cannot be written.
    """
    try:
        # Without a certificate there is nothing, so an interruption leaves the old pair, none, or the new one.
        pair.cert.unlink(missing_ok=True)
        _write(pair, issued)
    except OSError as error:
        raise _storage_error(pair, error) from error


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whole or not at all, and the folders above it.

    Raises
    ------
    StorageError
        If it cannot be written.
    """
    try:
        _make_private_directory(path.parent)
        _write_private(path, content)
    except OSError as error:
        raise StorageError(f"Cannot write {path}: {error.strerror}.", cause=error) from error


def _read(pair: KeyPair) -> Issued | None:
    # The certificate is written last, so a key without one is what an interrupted run left behind.
    if not pair.cert.exists():
        return None
    try:
        certificate = x509.load_pem_x509_certificate(pair.cert.read_bytes())
        key = load_pem_private_key(pair.key.read_bytes(), password=None)
    except (ValueError, TypeError, FileNotFoundError) as error:
        raise _not_a_pair(pair) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise _not_a_pair(pair)
    return Issued(certificate=certificate, key=key)


def _write(pair: KeyPair, issued: Issued) -> Issued:
    _make_private_directory(pair.directory)
    _write_private(pair.key, issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    _write_private(pair.cert, issued.certificate.public_bytes(Encoding.PEM))
    return issued


def _make_private_directory(directory: Path) -> None:
    if not directory.is_dir():
        _make_private_directory(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


def _write_private(path: Path, content: bytes) -> None:
    # Renamed into place, so that no reader sees half of it. Not synced: what a power cut takes is issued again.
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)


def _not_a_pair(pair: KeyPair) -> IntegrityError:
    return IntegrityError(
        f"{pair.directory} does not hold a certificate and the key that belongs to it.",
        hint="Restore the missing or altered file, or delete the organisation's folder to have everything issued anew.",
    )


def _storage_error(pair: KeyPair, error: OSError) -> StorageError:
    return StorageError(f"Cannot keep keys in {pair.directory}: {error.strerror}.", cause=error)
