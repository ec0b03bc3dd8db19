"""Where a CA is, and what is trusted about it."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from urllib.parse import urlsplit

from cryptography import x509

from gateway.fabric.secret_file import read_pem
from quorate.errors import UsageError

_CA_NAME: Final = re.compile(r"[A-Za-z0-9._-]{0,64}")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One CA of a Fabric CA server.

    Attributes
    ----------
    url : str
        ``https://host:port``. Without TLS an enrolment secret would be read by others, so there is no other scheme.
    ca : str
        The CA's name on that server; empty for its default CA.
    tls_root : bytes
        PEM of the certificates that the server's TLS certificate must come from; no other root is trusted.
    authority : bytes
        PEM of the certificates that what it issues must come from.
    timeout_s : float
        How long one request may take as a whole, connecting included.

    Raises
    ------
    UsageError
        If one of them does not have this form.
    """

    url: str
    ca: str
    tls_root: bytes = field(repr=False)
    authority: bytes = field(repr=False)
    timeout_s: float = 20.0

    def __post_init__(self) -> None:
        _check_url(self.url)
        if not _CA_NAME.fullmatch(self.ca):
            raise UsageError(f"{self.ca[:80]!r} is not the name of a CA.")
        if not self.timeout_s > 0:
            raise UsageError("The time that a request to a CA may take must be positive.")
        for name, pem in (("TLS root", self.tls_root), ("authority", self.authority)):
            if not _certificates(pem):
                raise UsageError(f"The {name} of {self.url} is not a readable PEM certificate.")

    @classmethod
    def load(cls, *, url: str, ca: str, tls_root: Path, authority: Path) -> Self:
        """Read the certificates from files.

        Raises
        ------
        UsageError
            If the URL, the name or a file is not what it should be.
        StorageError
            If a file cannot be read.
        """
        return cls(url=url, ca=ca, tls_root=read_pem(tls_root), authority=read_pem(authority))

    @property
    def tls_roots(self) -> list[x509.Certificate]:
        """The certificates that the server's TLS certificate must come from."""
        return _certificates(self.tls_root)

    @property
    def authorities(self) -> list[x509.Certificate]:
        """The certificates that what it issues must come from."""
        return _certificates(self.authority)

    @property
    def where(self) -> str:
        """What people call it, in errors."""
        return f"{self.url} ({self.ca})" if self.ca else self.url


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise UsageError("The URL of a CA is not readable.", cause=error) from error
    if parts.scheme != "https" or not parts.hostname or port == 0:
        raise UsageError(f"{url[:200]!r} is not the URL of a CA.", hint="Write https://host:port")
    if parts.username is not None or parts.password is not None:
        # Not quoted: it holds a secret.
        raise UsageError("The URL of a CA holds a user name.", hint="Put the secret into a file of its own.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise UsageError(f"{url[:200]!r} has more than a host and a port.", hint="Write https://host:port")


def _certificates(pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        return []
