"""Certificates and roots that change while handshakes are under way."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from gateway.service.server import Renewal
from network.identity import issue_organisation
from quorate.errors import UsageError

ROOT = Path(__file__).parents[4]


@pytest.fixture
def material(tmp_path):
    paths = issue_organisation(tmp_path, "alder")
    return [paths.gateway_tls.cert.read_bytes(), paths.gateway_tls.key.read_bytes(), paths.tls_ca.cert.read_bytes()]


def test_nothing_is_given_out_anew_without_a_change(material):
    renewal = Renewal(lambda: tuple(material), pause=0)
    assert [renewal() for _ in range(5)] == [None] * 5


def test_a_change_is_given_out_once(material):
    renewal = Renewal(lambda: tuple(material), pause=0)
    material[2] += material[2]
    assert renewal() is not None
    assert renewal() is None


def test_what_cannot_be_read_leaves_what_there_was(material, caplog):
    found = tuple(material)

    def unreadable():
        if found is None:
            raise UsageError("the key is gone")
        return found

    renewal = Renewal(unreadable, pause=0)
    found = None
    assert renewal() is None
    assert "could not be read again" in caplog.text


STORM = """
import asyncio, sys, time
from pathlib import Path
import grpc
from gateway.service.server import Renewal
from network.identity import issue_organisation

paths = issue_organisation(Path(sys.argv[1]), "alder")
root = paths.tls_ca.cert.read_bytes()
pair = paths.gateway_tls.cert.read_bytes(), paths.gateway_tls.key.read_bytes()
asked = 0

def material():
    global asked
    asked += 1
    return (*pair, root * (1 + asked // 25 % 2))

async def main():
    server = grpc.aio.server()
    renewal = Renewal(material)
    tls = grpc.dynamic_ssl_server_credentials(renewal.present(), renewal, require_client_authentication=True)
    port = server.add_secure_port("127.0.0.1:0", tls)
    await server.start()
    client = grpc.ssl_channel_credentials(
        root, paths.gateway_client.key.read_bytes(), paths.gateway_client.cert.read_bytes()
    )

    async def one():
        for _ in range(100):
            options = [("grpc.use_local_subchannel_pool", 1)]
            async with grpc.aio.secure_channel(f"localhost:{port}", client, options=options) as channel:
                try:
                    await channel.unary_unary("/nobody/Answers")(b"", timeout=100)
                except grpc.aio.AioRpcError as error:
                    assert error.code() is grpc.StatusCode.UNIMPLEMENTED, error

    await asyncio.gather(*(one() for _ in range(10)))
    await server.stop(0)
    print(asked)

asyncio.run(main())
"""


def test_roots_may_change_in_a_storm_of_handshakes(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", STORM, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 1000
