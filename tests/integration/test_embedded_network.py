import os
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest

from network import embedded_engine
from network.connection import Connection
from network.consortium import found_at_once
from network.engine import ChaincodeProgram
from network.home import NetworkHome
from network.pidfile import ProcessRecord
from network.status import State
from network.topology import Topology
from tests.pace import slowdown

TOPOLOGY = Topology.for_members(["Alder", "Birch", "Cedar", "Elm"])
ALPN = ["h2"]


@pytest.fixture
def home(tmp_path):
    return NetworkHome(tmp_path / "home")


@pytest.fixture
def start(home, embedded_program):  # noqa: ARG001 - it must be built
    networks = []

    def start_(**options):
        networks.append(embedded_engine.start(home, TOPOLOGY, dies_with_parent=True, **options))
        return networks[-1]

    yield start_
    for network in networks:
        network.stop()


def greet(member, *, client):
    """Shake hands with a peer as `client` (None: as nobody), and read what it says first."""
    context = ssl.create_default_context(cafile=str(member.tls_ca))
    context.set_alpn_protocols(ALPN)
    if client is not None:
        context.load_cert_chain(client.cert, client.key)
    host, _, port = member.address.partition(":")
    plain = socket.create_connection((host, int(port)), timeout=60)
    with plain, context.wrap_socket(plain, server_hostname=member.server_name) as secure:
        secure.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
        return secure.recv(9)


def test_every_peer_speaks_http2_to_its_own_members(fabric_network):
    for member in fabric_network.organisations:
        answer = greet(member, client=member.paths.agent_tls)
        assert answer[3] == 4  # a SETTINGS frame comes first


def test_nobody_gets_in_without_a_client_certificate(fabric_network):
    with pytest.raises((ssl.SSLError, ConnectionError)):
        greet(fabric_network.organisations[0], client=None)


def test_says_that_it_is_for_development(fabric_network):
    assert "development" in fabric_network.notice


def test_starts_within_two_seconds(start):
    busy = slowdown()
    began = time.monotonic()
    start()
    assert time.monotonic() - began < 2 * max(busy, slowdown())


def test_genesis_and_ports_outlive_a_kill(home, start):
    first = start()
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.stop()
    again = start()
    assert again.connection.genesis == first.connection.genesis
    assert again.connection.organisations == first.connection.organisations
    assert again.connection.orderer == first.connection.orderer
    assert {status.state for status in embedded_engine.status(home)} == {State.RUNNING}
    ports = [int(member.address.rpartition(":")[2]) for member in first.connection.organisations]
    assert all(20_000 <= port < 32_000 for port in ports)  # no outgoing connection takes one while it is down


def test_a_chaincode_of_somebody_s_own_is_a_process_for_each_organisation(home, start, chaincode_program):
    network = start(chaincode=ChaincodeProgram(command=(str(chaincode_program),)))
    assert sorted(network.nodes) == [*(f"chaincode.{one.name}" for one in TOPOLOGY.organisations), "embedded"]
    assert found_at_once(network.connection, timeout_s=120).charter.members
    records = [ProcessRecord.of(node.pid) for node in network.nodes.values()]
    network.release()
    assert embedded_engine.stop(home)
    assert not any(record.is_alive() for record in records)


def test_the_command_from_up_to_down_leaves_no_process(tmp_path, embedded_program):
    def quorate(*arguments):
        command = [sys.executable, "-m", "quorate", "network", *arguments]
        environment = os.environ | {"QUORATE_EMBEDDED_BIN": str(embedded_program)}
        return subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=150, capture_output=True)

    quorate("init")
    quorate("up")
    process = ProcessRecord.of(Connection.load(tmp_path / "quorate-network" / "connection.json").pid)
    try:
        assert process.is_alive()
        assert b"running" in quorate("status").stdout
    finally:
        quorate("down")
    assert not process.is_alive()
