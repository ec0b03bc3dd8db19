"""Whether the files that a gateway's configuration names fit together and are valid today."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from gateway.artifacts.disk import free_bytes
from gateway.fabric.secret_file import read_pem, read_private_pem
from gateway.service.checks.finding import failed, ok
from quorate.blocks.certificate import role_of
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.service.checks.finding import Finding
    from gateway.service.config import GatewayConfig

_SOON: Final = timedelta(days=30)
_ROLE: Final = "aggregator"


def check_files(config: GatewayConfig, *, now: datetime | None = None) -> Iterator[Finding]:
    """Yield findings about certificates, keys and the state directory."""
    now = now or datetime.now(UTC)
    tls = config.tls
    yield _finding("identity", lambda: _pair(config.identity.certificate, config.identity.key, now))
    yield _finding("identity's role", lambda: _role(config.identity.certificate))
    yield _finding("TLS server", lambda: _signed_pair(tls.certificate, tls.key, tls.ca, now))
    yield _finding("TLS server's names", lambda: _names(tls.certificate, config.announce or config.listen))
    yield _finding("TLS client", lambda: _signed_pair(tls.client_certificate, tls.client_key, tls.ca, now))
    yield _finding("own TLS root", lambda: _authority(tls.ca, now))
    yield _finding("peer's TLS root", lambda: _authority(config.peer.tls_ca, now))
    yield _finding("state directory", lambda: _state(config.state, config.limits.disk_reserve_bytes))


class _UnfitError(Exception):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def _finding(check: str, look: Callable[[], str]) -> Finding:
    try:
        return ok(check, look())
    except _UnfitError as error:
        return failed(check, str(error), error.hint)
    except QuorateError as error:
        return failed(check, error.message, error.hint)


def _pair(certificate: Path, key: Path, now: datetime) -> str:
    found = _certificate(certificate)
    private = load_pem_private_key(read_private_pem(key), password=None)
    if _spki(private.public_key()) != _spki(found.public_key()):
        raise _UnfitError(f"the key {key} does not belong to {certificate}", "Name the key of this certificate.")
    return _validity(found, certificate, now)


def _signed_pair(certificate: Path, key: Path, ca: Path, now: datetime) -> str:
    text = _pair(certificate, key, now)
    try:
        _certificate(certificate).verify_directly_issued_by(_certificate(ca))
    except (ValueError, TypeError, InvalidSignature) as error:
        hint = "Others know this organisation by its root: issue the certificate from it, or name the right root."
        raise _UnfitError(f"{certificate} was not signed by {ca}", hint) from error
    return text


def _authority(path: Path, now: datetime) -> str:
    certificate = _certificate(path)
    try:
        is_authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        is_authority = False
    if not is_authority:
        raise _UnfitError(
            f"{path} is not the certificate of an authority", "Name the certificate that signed the others."
        )
    return _validity(certificate, path, now)


def _role(path: Path) -> str:
    role = role_of(_certificate(path))
    if role != _ROLE:
        hint = f"Enrol it with the attribute quorate.role={_ROLE}:ecert."
        raise _UnfitError(f"{path} has the role {role or 'none'!r}, not {_ROLE!r}", hint)
    return role


def _names(path: Path, address: str) -> str:
    host = address.rpartition(":")[0].strip("[]")
    try:
        names = _certificate(path).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        raise _UnfitError(f"{path} names no host", "Issue it with subject alternative names.") from None
    known = [*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))]
    if host not in known and not any(_matches(host, name) for name in known):
        raise _UnfitError(f"{path} is for {', '.join(known)}, not for {host}", "Set `announce` to a name that it has.")
    return ", ".join(known)


def _matches(host: str, name: str) -> bool:
    return name.startswith("*.") and host.partition(".")[2] == name[2:]


def _state(directory: Path, reserve: int) -> str:
    existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise _UnfitError(f"{existing} cannot be written", "Give it to the account that runs the gateway.")
    free = free_bytes(existing)
    if free <= reserve:
        raise _UnfitError(f"{free} bytes are free, and {reserve} are reserved", "Free some space.")
    return f"{directory}, {free // 2**20} MiB free"


def _validity(certificate: x509.Certificate, path: Path, now: datetime) -> str:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if now < begins:
        raise _UnfitError(f"{path} is valid only from {begins:%Y-%m-%d %H:%M} UTC on", "Check this machine's clock.")
    if now > ends:
        raise _UnfitError(f"{path} has expired on {ends:%Y-%m-%d}", "Renew it; the gateway takes it up by itself.")
    if ends - now < _SOON:
        raise _UnfitError(f"{path} expires on {ends:%Y-%m-%d}", "Renew it now; the gateway takes it up by itself.")
    return f"valid until {ends:%Y-%m-%d}"


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(read_pem(path))
    except ValueError as error:
        raise _UnfitError(f"{path} is not a PEM certificate", "Name a certificate file.") from error


def _spki(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]
