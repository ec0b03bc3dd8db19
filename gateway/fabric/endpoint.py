"""Where a gateway is, and how its connection is secured."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

import grpc
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.fabric.tls_files import read_certificates, read_pair
from quorate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

MAX_MESSAGE_BYTES: Final = 100 * 1024 * 1024
_ADDRESS: Final = re.compile(r"(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:]{2,45}\]):[0-9]{1,5}")
_HALF: Final = "mutual TLS needs both the client's certificate and its key"
_KEEPALIVE_MS: Final = 60_000
_OPTIONS: Final = (
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    # A peer cuts clients off that ping more often than once a minute.
    ("grpc.keepalive_time_ms", _KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 0),
    # An event stream may be silent for hours; without this gRPC stops pinging after two pings.
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    # This is how long one attempt to connect may take, TLS included: on a busy machine that is far more than the pause.
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # One connection per client: gRPC would otherwise share sockets between identities of one process.
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The certificates of one connection, PEM. Give `certificate` and `key` for mutual TLS.

    `roots` empty means the system's roots. `server_name` is what the server's certificate must say, when it is not the
    host of the address.
    """

    roots: bytes = b""
    certificate: bytes = b""
    key: bytes = field(default=b"", repr=False)
    server_name: str = ""

    def __post_init__(self) -> None:
        if bool(self.certificate) != bool(self.key):
            raise UsageError(_HALF)

    @classmethod
    def from_files(
        cls,
        *,
        roots: Path | None = None,
        certificate: Path | None = None,
        key: Path | None = None,
        server_name: str = "",
    ) -> Self:
        """Return the same from files.

        The key file must be private to its owner (mode 0600 or stricter), and the key must be the certificate's.

        Raises
        ------
        UsageError
            When one of certificate and key is missing, they do not belong together, a file is not PEM, or others may
            read the key.
        StorageError
            When a file cannot be read.
        """
        if bool(certificate) != bool(key):
            raise UsageError(_HALF)
        pair = read_pair(certificate, key) if certificate and key else (b"", b"")
        return cls(
            roots=read_certificates(roots) if roots else b"",
            certificate=pair[0],
            key=pair[1],
            server_name=server_name,
        )

    @property
    def certificate_hash(self) -> bytes:
        """SHA-256 of the client certificate's DER, which signed requests for blocks must carry; empty without one."""
        if not self.certificate:
            return b""
        try:
            certificate = x509.load_pem_x509_certificate(self.certificate)
        except ValueError as error:
            raise UsageError("the TLS client certificate is not readable PEM", cause=error) from error
        return hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()

    def credentials(self) -> grpc.ChannelCredentials:
        """Return gRPC's form of it."""
        return grpc.ssl_channel_credentials(self.roots or None, self.key or None, self.certificate or None)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A gateway's ``host:port`` and its TLS. There is no connection without TLS.

    Parameters
    ----------
    options
        gRPC channel arguments by name (``grpc.max_receive_message_length`` and such), which take the place of ours:
        messages of at most 100 MiB, a keepalive ping every 60 s while calls are open, reconnection within 2 s. A peer
        cuts clients off that ping more often than it allows, by default once a minute.
    """

    address: str
    tls: Tls = field(default_factory=Tls)
    options: tuple[tuple[str, int | str | bytes], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", tuple(self.options))
        if not _ADDRESS.fullmatch(self.address):
            raise UsageError(f"{self.address!r} is not an address of the form host:port")

    @property
    def _loopback(self) -> bool:
        return self.address.startswith(("localhost:", "127.", "[::1]:"))

    def channel(self) -> grpc.aio.Channel:
        """Return a new channel, which connects when it is first used. To be called inside the event loop."""
        return grpc.aio.secure_channel(self.address, self.tls.credentials(), options=list(self._arguments().items()))

    def _arguments(self) -> dict[str, int | str | bytes]:
        arguments: dict[str, int | str | bytes] = dict(_OPTIONS)
        if self._loopback:
            # A proxy for the outside, named in the environment, leads away from this machine.
            arguments["grpc.enable_http_proxy"] = 0
        if self.tls.server_name:
            arguments["grpc.ssl_target_name_override"] = self.tls.server_name
        return arguments | dict(self.options)
