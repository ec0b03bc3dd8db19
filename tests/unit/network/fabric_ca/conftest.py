import asyncio
import ssl
from contextlib import asynccontextmanager, suppress

import pytest

from network.identity.authority import new_authority, new_member, new_server
from network.identity.fabric_ca.endpoint import Endpoint
from network.identity.layout import KeyPair
from network.identity.store import put

LIMIT = 1024 * 1024


class House:
    """An organisation's two authorities, and a TLS server that says to every request what a test wants it to."""

    def __init__(self, directory):
        self.ca = new_authority(common_name="ca.alder.test", organisation="alder")
        self.tls_ca = new_authority(common_name="tlsca.alder.test", organisation="alder")
        self._ca, self._tls_ca, self._tls = (KeyPair(directory / name) for name in ("ca", "tlsca", "tls"))
        put(self._ca, self.ca)
        put(self._tls_ca, self.tls_ca)
        put(self._tls, new_server(self.tls_ca, common_name="ca.alder.test", organisation="alder"))
        registrar = new_member(self.ca, common_name="registrar", organisation="alder", unit="client")
        self.registrar = KeyPair(directory / "registrar")
        put(self.registrar, registrar)
        self.requests = []

    def endpoint(self, port, **kwargs):
        return Endpoint(
            url=f"https://localhost:{port}",
            ca="ca",
            tls_root=self._tls_ca.cert.read_bytes(),
            authority=self._ca.cert.read_bytes(),
            **{"timeout_s": 60.0, **kwargs},
        )

    @asynccontextmanager
    async def answering(self, respond, **kwargs):
        """Serve with ``await respond(request, writer)``; yield where."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._tls.cert, self._tls.key)

        async def serve(reader, writer):
            try:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = next((int(line[16:]) for line in head.split("\r\n") if line.startswith("Content-Length: ")), 0)
                self.requests.append((head, await reader.readexactly(length)))
                await respond(self.requests[-1], writer)
            except (ConnectionError, asyncio.IncompleteReadError):
                pass
            finally:
                writer.close()
                with suppress(ConnectionError, ssl.SSLError):
                    await writer.wait_closed()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        # Begun before the server is closed, this waits for its connections too.
        closed = asyncio.ensure_future(server.wait_closed())
        try:
            yield self.endpoint(server.sockets[0].getsockname()[1], **kwargs)
        finally:
            server.close()
            async with asyncio.timeout(100):
                await closed


def http(body, *, status=200, headers=()):
    lines = [f"HTTP/1.1 {status} -", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)
