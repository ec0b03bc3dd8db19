"""The gRPC server of one organisation: mutual TLS whose roots change while it runs, and the services behind it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

import grpc

from gateway.fabric.tls_files import read_pair
from quorate.errors import QuorateError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.service.callers import Roots
    from gateway.service.config import TlsSection

_log = logging.getLogger(__name__)

_CALLS: Final = 2000
_CHUNK_SLACK: Final = 64 * 1024
_PAUSE: Final = 0.02
_OPTIONS: Final = (
    # Two gateways on one port would share callers at random.
    ("grpc.so_reuseport", 0),
    # Agents and other gateways keep streams open for hours; dead ones are found within half a minute.
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.http2.min_ping_interval_without_data_ms", 15_000),
)


def credentials(tls: TlsSection, roots: Roots) -> grpc.ServerCredentials:
    """Return credentials that demand a client certificate, and look at pair and roots anew for every handshake.

    So a renewed server certificate is served, and a member's new root is known, without a restart.
    """
    renewal = Renewal(lambda: (*read_pair(tls.certificate, tls.key), roots.bundle()))
    # gRPC takes None for "no change"; its published types do not know.
    return grpc.dynamic_ssl_server_credentials(renewal.present(), renewal, require_client_authentication=True)  # type: ignore[arg-type]


class Renewal:
    """What gRPC asks at every handshake: a new configuration when certificate, key or roots have changed, else None.

    gRPC's core reads the present configuration without its lock just after it asked (1.85,
    ``ssl_security_connector.cc``): one that is replaced while another handshake is at that point crashes the process.
    So nothing is replaced without need, and a change is given out only after a pause in which every handshake that
    asked before has long gone on; those that ask meanwhile wait for the lock.

    Parameters
    ----------
    material
        Returns certificate, key and roots as PEM; raises `QuorateError` when they cannot be read.
    pause
        Seconds.
    """

    def __init__(self, material: Callable[[], tuple[bytes, bytes, bytes]], *, pause: float = _PAUSE) -> None:
        self._material = material
        self._pause = pause
        self._given = material()

    def present(self) -> grpc.ServerCertificateConfiguration:
        """Return the configuration that was given out last."""
        certificate, key, roots = self._given
        return grpc.ssl_server_certificate_configuration([(key, certificate)], roots)

    def __call__(self) -> grpc.ServerCertificateConfiguration | None:
        """Return the new configuration, or None when there is none."""
        try:
            found = self._material()
        except QuorateError as error:
            # Runs inside gRPC's handshake: with None it goes on with what it had.
            _log.warning("the TLS certificate could not be read again: %s", error)
            return None
        if found == self._given:
            return None
        time.sleep(self._pause)
        self._given = found
        return self.present()


class GatewayServer:
    """A server that has not begun to listen before `start`."""

    def __init__(self, handlers: Iterable[grpc.GenericRpcHandler], *, message_bytes: int) -> None:
        options = [*_OPTIONS, ("grpc.max_receive_message_length", message_bytes + _CHUNK_SLACK)]
        self._server = grpc.aio.server(options=options, maximum_concurrent_rpcs=_CALLS)
        self._server.add_generic_rpc_handlers(tuple(handlers))

    async def start(self, listen: str, tls: grpc.ServerCredentials) -> int:
        """Begin to listen, and return the port.

        Raises
        ------
        UnreachableError
            When the address cannot be listened on.
        """
        try:
            port = self._server.add_secure_port(listen, tls)
        except RuntimeError as error:
            raise UnreachableError(
                f"cannot listen on {listen}", hint="Is another gateway running there? Choose another port.", cause=error
            ) from error
        await self._server.start()
        return port

    async def stop(self, grace: float) -> None:
        """Refuse new calls, let those under way end within `grace` seconds, then end them."""
        await self._server.stop(grace)
