"""Whether the files that a gateway's configuration names fit together and are valid today."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from gateway.artifacts.disk import free_bytes
from gateway.fabric.tls_names import host_of
from gateway.service.checks.fitness import UnfitError, certificate_in, looked, names, pair, validity
from quorate.blocks.certificate import is_authority, is_issued_by, role_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.service.checks.finding import Finding
    from gateway.service.config import GatewayConfig

_ROLE: Final = "aggregator"


def check_files(config: GatewayConfig, *, now: datetime | None = None) -> Iterator[Finding]:
    """Yield findings about certificates, keys and the state directory."""
    now = now or datetime.now(UTC)
    tls, host = config.tls, host_of(config.announce or config.listen)
    yield looked("identity", lambda: pair(config.identity.certificate, config.identity.key, now))
    yield looked("identity's role", lambda: _role(config.identity.certificate))
    yield looked("TLS server", lambda: _signed_pair(tls.certificate, tls.key, tls.ca, now))
    yield looked("TLS server's names", lambda: names(tls.certificate, host, setting="announce"))
    yield looked("TLS client", lambda: _signed_pair(tls.client_certificate, tls.client_key, tls.ca, now))
    yield looked("own TLS root", lambda: _authority(tls.ca, now))
    yield looked("peer's TLS root", lambda: _authority(config.peer.tls_ca, now))
    yield looked("state directory", lambda: _state(config.state, config.limits.disk_reserve_bytes))


def _signed_pair(certificate: Path, key: Path, ca: Path, now: datetime) -> str:
    text = pair(certificate, key, now)
    if not is_issued_by(certificate_in(certificate), certificate_in(ca)):
        hint = "Others know this organisation by its root: issue the certificate from it, or name the right root."
        raise UnfitError(f"{certificate} was not signed by {ca}", hint)
    return text


def _authority(path: Path, now: datetime) -> str:
    certificate = certificate_in(path)
    if not is_authority(certificate):
        raise UnfitError(
            f"{path} is not the certificate of an authority", "Name the certificate that signed the others."
        )
    return validity(certificate, path, now)


def _role(path: Path) -> str:
    role = role_of(certificate_in(path))
    if role != _ROLE:
        hint = f"Enrol it with the attribute quorate.role={_ROLE}:ecert."
        raise UnfitError(f"{path} has the role {role or 'none'!r}, not {_ROLE!r}", hint)
    return role


def _state(directory: Path, reserve: int) -> str:
    existing = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UnfitError(f"{existing} cannot be written", "Give it to the account that runs the gateway.")
    free = free_bytes(existing)
    if free <= reserve:
        raise UnfitError(f"{free} bytes are free, and {reserve} are reserved", "Free some space.")
    return f"{directory}, {free // 2**20} MiB free"
