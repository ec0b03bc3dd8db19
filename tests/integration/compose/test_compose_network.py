"""The container engine from up to down, and what its nodes can be made to suffer."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gateway.fabric import Endpoint, FileIdentity, GatewayError, Tls, connect
from network.compose.containers import containers_of
from network.compose.docker import docker
from network.compose.images import Images
from network.connection import Connection
from network.consortium import found_consortium
from network.identity import Role
from network.status import State
from network.topology import Topology
from quorate.errors import ConflictError, UnreachableError
from tests.integration.datasets import unprotected

NODES = {"orderer0.orderer", "peer0.alder", "peer0.birch", "chaincode.alder", "chaincode.birch"}


async def commit(connection, name, *, timeout_s=30.0):
    """Submit a transaction that every member's peer must endorse, and wait for it to commit."""
    organisation = connection.organisations[0]
    pair, client = organisation.paths.identity(Role.STEWARD), organisation.paths.gateway_client
    identity, signer = FileIdentity(msp_id=organisation.msp_id, certificate=pair.cert, key=pair.key).load()
    tls = Tls.from_files(
        roots=organisation.tls_ca, certificate=client.cert, key=client.key, server_name=organisation.server_name
    )
    async with (
        asyncio.timeout(timeout_s),
        connect(Endpoint(organisation.address, tls), identity, signer) as gateway,
    ):
        contract = gateway.network(connection.channel).contract(connection.chaincode)
        await contract.submit("dataset:Register", unprotected(name).encode())


async def commit_in_the_end(connection, name, *, timeout_s):
    """Repeat a transaction until it commits: what members do while orderers choose a new leader."""
    async with asyncio.timeout(timeout_s):
        for attempt in range(1000):
            try:
                return await commit(connection, f"{name}-{attempt}", timeout_s=20)
            except (GatewayError, TimeoutError):
                await asyncio.sleep(0.2)
    return None


def states(driver, home):
    return {line.name: line.state for line in driver.status(home)}


async def test_from_up_to_down(driver, home, start, project, left_in_docker):
    network = start()
    assert set(network.nodes) == NODES
    assert states(driver, home) == dict.fromkeys(NODES, State.RUNNING)
    await found_consortium(network.connection)
    await commit(network.connection, "first")
    assert {line.address for line in driver.status(home) if line.kind == "peer"} == {
        organisation.address for organisation in network.connection.organisations
    }
    logs = driver.logs(home)
    assert set(logs) == NODES
    assert "Started peer" in logs["peer0.alder"].read_text()
    with pytest.raises(ConflictError, match="runs already"):
        driver.start(home, Topology.load(home.topology))
    with ThreadPoolExecutor(max_workers=1) as thread:
        followed = thread.submit("".join, driver.follow(home, "peer0.birch"))
        network.stop()
        assert "Started peer" in followed.result(timeout=30)
    assert left_in_docker(project(home)) == ["", "", ""]
    assert states(driver, home) == dict.fromkeys(NODES, State.STOPPED)
    assert "Started peer" in logs["peer0.alder"].read_text()  # kept
    assert driver.stop(home) is False

    again = start()
    assert again.connection.genesis == network.connection.genesis
    assert again.connection.organisations == network.connection.organisations
    await commit(again.connection, "second")


def test_containers_have_no_more_rights_than_they_need(home, start, project):
    start()
    ids = [container.id for container in containers_of(project(home)).values()]
    form = "{{.Config.User}} {{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.Privileged}}"
    told = docker("inspect", "--format", form, *ids).splitlines()
    assert set(told) == {f"{os.getuid()}:{os.getgid()} true [ALL] false"}
    ports = docker("inspect", "--format", "{{json .NetworkSettings.Ports}}", *ids)
    assert '"HostIp":"127.0.0.1"' in ports
    assert ports.count('"HostIp"') == ports.count('"HostIp":"127.0.0.1"')


async def test_a_killed_peer_is_shown_and_starts_again_where_it_was(driver, home, start):
    network = start()
    await found_consortium(network.connection)
    peer = network.nodes["peer0.birch"]
    peer.kill()
    assert not peer.is_alive()
    assert peer.pid is None
    assert states(driver, home)["peer0.birch"] is State.CRASHED
    peer.start()
    assert states(driver, home)["peer0.birch"] is State.RUNNING
    await commit_in_the_end(network.connection, "after-the-kill", timeout_s=60)


async def test_a_paused_peer_is_silent_and_goes_on(driver, home, start):
    network = start()
    await found_consortium(network.connection)
    peer = network.nodes["peer0.birch"]
    peer.pause()
    assert peer.is_alive()
    assert states(driver, home)["peer0.birch"] is State.SILENT
    peer.resume()
    await commit_in_the_end(network.connection, "after-the-pause", timeout_s=60)


async def test_one_of_three_raft_orderers_may_be_killed(driver, home, start):
    network = start(orderers=3)
    await found_consortium(network.connection)
    network.nodes["orderer0.orderer"].kill()
    await commit_in_the_end(network.connection, "without-one", timeout_s=60)
    network.nodes["orderer0.orderer"].start()
    assert states(driver, home)["orderer0.orderer"] is State.RUNNING


async def test_one_of_four_smartbft_orderers_may_be_paused_or_killed(driver, home, start):
    network = start(orderers=4, consensus="smartbft")
    await found_consortium(network.connection)
    network.nodes["orderer3.orderer"].pause()
    await commit_in_the_end(network.connection, "without-one", timeout_s=90)
    network.nodes["orderer3.orderer"].kill()
    await commit_in_the_end(network.connection, "still-without-one", timeout_s=90)
    assert states(driver, home)["orderer3.orderer"] is State.CRASHED


async def test_identities_from_fabric_ca(driver, home, start):
    network = start(ca="fabric-ca")
    authorities = {"ca.alder", "ca.birch", "ca.orderer"}
    assert states(driver, home) == dict.fromkeys(NODES | authorities, State.RUNNING)
    assert {line.kind for line in driver.status(home) if line.name in authorities} == {"ca"}
    certificate = network.connection.organisations[0].paths.identity(Role.STEWARD).cert.read_bytes()
    await found_consortium(network.connection)
    await commit(network.connection, "first")
    network.stop()
    again = start(ca="fabric-ca")
    assert again.connection.organisations[0].paths.identity(Role.STEWARD).cert.read_bytes() == certificate
    await commit(again.connection, "second")


async def test_the_chaincode_is_upgraded_at_the_next_start(start):
    network = start()
    await found_consortium(network.connection)
    network.stop()
    upgraded = start(chaincode_version="0.2.0")
    await commit(upgraded.connection, "after-the-upgrade")


async def test_two_peers_of_each_member_and_fabric_2_5(start):
    members = [{"name": "alder", "msp_id": "AlderMSP", "peers": 2}, {"name": "birch", "msp_id": "BirchMSP"}]
    network = start(fabric_version="2.5", organisations=members)
    assert [peer.name for peer in network.connection.organisations[0].peers] == ["peer0.alder", "peer1.alder"]
    await found_consortium(network.connection)
    await commit(network.connection, "first")


@pytest.mark.usefixtures("usual_topology_runs")
def test_what_does_not_become_healthy_is_quoted_and_leaves_nothing(driver, home, project, monkeypatch, left_in_docker):
    topology = Topology.for_members(["Alder"])
    # Fabric's peer instead of the chaincode: there, and not listening where it should.
    monkeypatch.setenv("QUORATE_CHAINCODE_IMAGE", Images.of(topology, os.environ).names["FABRIC_PEER_IMAGE"])
    with pytest.raises(UnreachableError, match=r"chaincode\.alder has ended\. Its last words:\n.*cannot init crypto"):
        driver.start(home, topology)
    assert left_in_docker(project(home)) == ["", "", ""]
    assert states(driver, home) == dict.fromkeys(["orderer0.orderer", "peer0.alder", "chaincode.alder"], State.STOPPED)


@pytest.mark.usefixtures("usual_topology_runs")
def test_nothing_is_left_of_a_network_whose_starter_is_killed(home, project, left_in_docker):
    script = (
        "import sys; from pathlib import Path; from network.compose import ComposeDriver;"
        "from network.home import NetworkHome; from network.topology import Topology;"
        "network = ComposeDriver().start(NetworkHome(Path(sys.argv[1])), Topology.for_members(['Alder']),"
        "dies_with_parent=True);"
        "print('up', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(home.directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout.readline() == b"up\n"
        connection = Connection.load(home.connection)
        starter.send_signal(signal.SIGKILL)
    name = project(home)
    deadline = time.monotonic() + 60
    while left_in_docker(name) != ["", "", ""]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert connection.engine == "compose"


@pytest.mark.usefixtures("usual_topology_runs")
def test_the_command_from_up_to_down(tmp_path):
    def quorate(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "quorate", "network", *arguments],
            cwd=tmp_path,
            check=True,
            timeout=150,
            capture_output=True,
            text=True,
        )

    quorate("init", "--engine", "compose", "--member", "Alder")
    up = quorate("up", "--engine", "compose")
    try:
        assert "for development and tests only" in up.stderr
        assert "official images" in up.stderr or "are the official ones" in up.stderr
        assert quorate("status").stdout.count("running") == 3
        assert "Started peer" in quorate("logs", "peer0.alder").stdout
    finally:
        down = quorate("down")
    assert "The network has ended." in down.stderr
