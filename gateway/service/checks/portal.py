"""Whether a gateway's portal can be served: its packages, its TLS pair, its address, its file of sessions."""

from __future__ import annotations

import errno
import socket
import ssl
import stat
from datetime import UTC, datetime
from importlib import metadata
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.serialization import Encoding

from gateway.fabric.tls_names import host_of
from gateway.service.checks.fitness import RESTART, UnfitError, certificate_in, looked, names, pair
from quorate.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.service.checks.finding import Finding
    from gateway.service.config import PortalSection

PACKAGES: Final = ("fastapi", "uvicorn", "python-multipart")
SESSIONS: Final = ("portal", "sessions.json")
_SECONDS: Final = 10.0
_OTHERS: Final = 0o077
_EVERY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared with, not listened on


def check_portal(section: PortalSection, state: Path, *, now: datetime | None = None) -> Iterator[Finding]:
    """Yield findings about the portal that a configuration has."""
    now = now or datetime.now(UTC)
    host = host_of(section.listen) if section.origin is None else urlsplit(section.origin).hostname or ""
    setting = "portal.listen" if section.origin is None else "portal.origin"
    yield looked("portal's packages", _packages)
    yield looked("portal's TLS pair", lambda: pair(section.certificate, section.key, now, renewed=RESTART))
    yield looked("portal's names", lambda: names(section.certificate, host, setting=setting))
    yield looked("portal's address", lambda: _address(section))
    yield looked("portal's sessions", lambda: _sessions(state.joinpath(*SESSIONS)))


def _packages() -> str:
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            raise UnfitError(f"missing: {name}", "pip install 'quorate[portal]'") from None
    return ", ".join(found)


def _address(section: PortalSection) -> str:
    """Say whether the portal answers, or could: somebody who listens there with another certificate is not it."""
    host, port = host_of(section.listen), int(section.listen.rpartition(":")[2])
    if port == 0:
        return "a free port at each start"
    if _is_free(section.listen, host, port):
        return f"{section.listen} is free: the gateway does not run, or not with this configuration"
    if _shown(_EVERY.get(host, host), port) != certificate_in(section.certificate).public_bytes(Encoding.DER):
        raise UnfitError(
            f"who listens on {section.listen} does not show {section.certificate}",
            "Restart the gateway if the certificate was renewed; else give the portal an address of its own.",
        )
    return f"{section.listen} answers with this certificate"


def _is_free(listen: str, host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as found:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            found.bind((host, port))
    except (OSError, OverflowError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return False
        raise UnfitError(
            f"{listen} cannot be listened on: {error}", "Set `portal.listen` to an address here."
        ) from error
    return True


def _shown(host: str, port: int) -> bytes | None:
    """Return the certificate that an address shows, DER; None when it shows none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # it is compared with the very one expected
    try:
        with (
            socket.create_connection((host, port), timeout=_SECONDS) as plain,
            context.wrap_socket(plain) as connection,
        ):
            return connection.getpeercert(binary_form=True)
    except OSError:
        return None


def _sessions(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return "nobody has logged in yet"
    except OSError as error:
        raise StorageError(f"{path} cannot be looked at: {error.strerror}", cause=error) from error
    if mode & _OTHERS:
        hint = f"Run `chmod 600 {path}`; delete it to log everybody out."
        raise UnfitError(f"{path} has mode {mode:04o}, so others than its owner may use it", hint)
    return f"{path.name} is its owner's alone"
