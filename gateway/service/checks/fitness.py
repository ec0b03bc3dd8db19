"""Whether a certificate, its key and its names fit: what the checks of a gateway's files and of its portal share."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gateway.fabric.secret_file import read_pem, read_private_pem
from gateway.fabric.tls_names import is_named, names_of
from gateway.service.checks.finding import failed, ok
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

    from gateway.service.checks.finding import Finding

_SOON: Final = timedelta(days=30)
TAKEN_UP: Final = "the gateway takes it up by itself."
RESTART: Final = "then restart the gateway."


class UnfitError(Exception):
    """Something has to be repaired.

    Parameters
    ----------
    hint
        How.
    """

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def looked(check: str, look: Callable[[], str]) -> Finding:
    """Return what a look found: its words when all is well, else what it raised."""
    try:
        return ok(check, look())
    except UnfitError as error:
        return failed(check, str(error), error.hint)
    except QuorateError as error:
        return failed(check, error.message, error.hint)


def certificate_in(path: Path) -> x509.Certificate:
    """Return the first certificate of a file; `UnfitError` when there is none."""
    try:
        return x509.load_pem_x509_certificate(read_pem(path))
    except ValueError as error:
        raise UnfitError(f"{path} is not a PEM certificate", "Name a certificate file.") from error


def pair(certificate: Path, key: Path, now: datetime, *, renewed: str = TAKEN_UP) -> str:
    """Say until when a pair is valid; `UnfitError` when the key is another's, or the time is over or soon will be."""
    found = certificate_in(certificate)
    try:
        public = load_pem_private_key(read_private_pem(key), password=None).public_key()
    except (ValueError, TypeError, UnsupportedAlgorithm):  # the parser's own words may quote the key
        raise UnfitError(f"{key} is not a PEM key without a password", "Name the key of this certificate.") from None
    if _spki(public) != _spki(found.public_key()):
        raise UnfitError(f"the key {key} does not belong to {certificate}", "Name the key of this certificate.")
    return validity(found, certificate, now, renewed=renewed)


def names(path: Path, host: str, *, setting: str) -> str:
    """Return whom a certificate is for; `UnfitError` when that is not `host`, as `setting` has it."""
    known = names_of(certificate_in(path))
    if not known:
        raise UnfitError(f"{path} names no host", "Issue it with subject alternative names.")
    if not is_named(host, known):
        raise UnfitError(f"{path} is for {', '.join(known)}, not for {host}", f"Set `{setting}` to a name that it has.")
    return ", ".join(known)


def validity(certificate: x509.Certificate, path: Path, now: datetime, *, renewed: str = TAKEN_UP) -> str:
    """Say until when a certificate is valid; `UnfitError` when it is not yet, no longer, or for less than 30 days."""
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        raise UnfitError(f"{path} is valid only from {begins:%Y-%m-%d %H:%M} UTC on", "Check this machine's clock.")
    if now > ends:
        raise UnfitError(f"{path} has expired on {ends:%Y-%m-%d}", f"Renew it; {renewed}")
    if ends - now < _SOON:
        raise UnfitError(f"{path} expires on {ends:%Y-%m-%d}", f"Renew it now; {renewed}")
    return f"valid until {ends:%Y-%m-%d}"


def _spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
