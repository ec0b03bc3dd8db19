"""Our image of a member's gateway, on the containers' own network."""

import os
import shutil
import time
from importlib import metadata

import pytest

from network.compose.docker import DockerError, docker
from network.consortium import found_consortium
from network.identity import Role

IMAGE = os.environ.get("QUORATE_GATEWAY_IMAGE") or f"quorate/gateway:{metadata.version('quorate')}"
CONFIG = """\
msp_id = "AlderMSP"
listen = "0.0.0.0:7443"
announce = "gateway.alder.test:7443"
state = "/var/lib/quorate"

[peer]
endpoint = "peer0.alder.test:7051"
tls_ca = "tls/ca.pem"

[identity]
certificate = "identity/cert.pem"
key = "identity/key.pem"

[tls]
certificate = "tls/server.pem"
key = "tls/server-key.pem"
client_certificate = "tls/client.pem"
client_key = "tls/client-key.pem"
ca = "tls/ca.pem"
"""


@pytest.fixture
def configuration(tmp_path):
    """Write what a gateway of the organisation has mounted."""

    def write(paths, fingerprint_key):
        directory = tmp_path / "etc"
        for name, pair in {
            "identity/": paths.identity(Role.AGGREGATOR),
            "tls/server-": paths.gateway_tls,
            "tls/client-": paths.gateway_client,
        }.items():
            (directory / name.partition("/")[0]).mkdir(parents=True, exist_ok=True)
            shutil.copy(pair.cert, directory / (f"{name}cert.pem" if name == "identity/" else f"{name[:-1]}.pem"))
            shutil.copy(pair.key, directory / f"{name}key.pem")
        shutil.copy(paths.tls_ca.cert, directory / "tls" / "ca.pem")
        (directory / "gateway.toml").write_text(CONFIG)
        key = directory / "fingerprint.key"
        key.write_bytes(fingerprint_key)
        key.chmod(0o600)
        return directory

    return write


@pytest.fixture
def image():
    try:
        docker("image", "inspect", IMAGE)
    except DockerError:
        pytest.skip(f"needs the image {IMAGE}: bash scripts/images.sh")
    return IMAGE


def wait_until_healthy(container, *, timeout_s):
    deadline = time.monotonic() + timeout_s
    while (state := docker("inspect", "--format", "{{.State.Status}} {{.State.Health.Status}}", container).split()) != [
        "running",
        "healthy",
    ]:
        assert state[0] == "running", docker("logs", container)
        assert time.monotonic() < deadline, state
        time.sleep(0.2)


async def test_a_gateway_runs_in_a_container(home, start, project, image, configuration):
    network = start()
    founded = await found_consortium(network.connection)
    directory = configuration(network.connection.organisations[0].paths, founded.fingerprint_keys["AlderMSP"])
    account = f"{os.getuid()}:{os.getgid()}"
    container = docker(
        "run",
        *("--detach", "--read-only", "--cap-drop=ALL", "--health-interval=1s", f"--user={account}"),
        *(f"--tmpfs=/var/lib/quorate:uid={os.getuid()},gid={os.getgid()},mode=0700",),
        *(f"--network={project(home)}_ledger", "--network-alias=gateway.alder.test"),
        f"--volume={directory}:/etc/quorate:ro",
        image,
    ).strip()
    try:
        wait_until_healthy(container, timeout_s=60)
        assert '"schema":"quorate.gateway.ready/1"' in docker("logs", container)
        told = docker("exec", container, "quorate", "doctor", "--config", "/etc/quorate/gateway.toml", timeout_s=60)
        assert "peer0.alder.test:7051 answers" in told
        assert "AlderMSP is one of 2 members" in told
    finally:
        docker("rm", "--force", "--volumes", container)
