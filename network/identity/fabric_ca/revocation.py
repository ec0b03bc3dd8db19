"""Revocation lists: kept beside the authority they are from, for every MSP that is made of its organisation."""

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from network.identity.layout import OrdererPaths, OrganisationPaths
from network.identity.store import write_private
from quorate.errors import ConflictError, IntegrityError, StorageError

MAX_CRL_BYTES: Final = 1024 * 1024
_NAME: Final = "ca.pem"


def keep_crl(paths: OrganisationPaths | OrdererPaths, crl: bytes) -> Path:
    """Keep a revocation list of an organisation's authority, in place of an older one, and return where it is.

    An MSP folder written from then on has it. A network that runs goes by the configuration of its channel: members
    refuse what is revoked once that has the list.

    Parameters
    ----------
    paths : OrganisationPaths or OrdererPaths
        The organisation.
    crl : bytes
        The list, PEM, as `FabricCa.crl` returns it.

    Raises
    ------
    IntegrityError
        If it is not a revocation list that the organisation's authority signed.
    ConflictError
        If a newer one is kept already.
    StorageError
        If it cannot be read or written.
    """
    path = paths.crls / _NAME
    try:
        authority = x509.load_pem_x509_certificate(paths.ca.cert.read_bytes())
        kept = path.read_bytes() if path.exists() else None
    except (OSError, ValueError) as error:
        raise StorageError(f"Cannot read the authority or the revocation list of {paths.root}.", cause=error) from error
    found = check_crl(crl, authority)
    if kept is not None and check_crl(kept, authority).last_update_utc > found.last_update_utc:
        raise ConflictError(
            f"A newer revocation list than this, of {found.last_update_utc:%Y-%m-%d %H:%M:%S} UTC, is kept in {path}.",
            hint="An older list would bring back what was revoked since; ask the CA for a new one.",
        )
    write_private(path, crl)
    return path


def check_crl(crl: bytes, authority: x509.Certificate) -> x509.CertificateRevocationList:
    """Return a revocation list, PEM, that an authority signed.

    Raises
    ------
    IntegrityError
        If it is something else.
    """
    try:
        found = x509.load_pem_x509_crl(crl) if len(crl) <= MAX_CRL_BYTES else None
        key = authority.public_key()
        if found is not None and found.issuer == authority.subject and found.is_signature_valid(key):  # type: ignore[arg-type]  # it refuses others
            return found
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise IntegrityError("The revocation list cannot be read.", cause=error) from error
    raise IntegrityError("The revocation list is not one that the organisation's authority signed, or is too large.")
