import json
import os
import signal
import socket
import threading

import pytest

from network import embedded_engine
from network.connection import Connection
from network.home import NetworkHome
from network.identity import Role
from network.pidfile import ProcessRecord
from network.status import State
from network.topology import Topology
from quorate.errors import ConflictError, DefectError, NotFoundError, StorageError, UnreachableError, UsageError

TOPOLOGY = Topology.for_members(["Alder", "Birch"])


@pytest.fixture
def home(tmp_path):
    return NetworkHome(tmp_path / "home")


@pytest.fixture
def start(home):
    networks = []

    def start_(topology=TOPOLOGY):
        networks.append(embedded_engine.start(home, topology))
        return networks[-1]

    yield start_
    for network in networks:
        network.stop()


@pytest.fixture
def network(start, stand_in):  # noqa: ARG001 - it must be installed
    return start()


def states(home):
    return {(status.kind, status.name): status.state for status in embedded_engine.status(home)}


def crash(network):
    os.kill(network.process.pid, signal.SIGKILL)
    network.process._popen.wait(timeout=60)


def test_the_connection_file_leads_to_every_peer_and_identity(home, network):
    connection = Connection.load(home.connection)
    assert connection == network.connection
    assert [member.msp_id for member in connection.organisations] == ["AlderMSP", "BirchMSP"]
    assert connection.genesis_digest.startswith("sha256:")
    assert connection.pid == network.process.pid
    for member in connection.organisations:
        host, _, port = member.address.partition(":")
        socket.create_connection((host, int(port)), timeout=60).close()
        assert member.tls_ca.read_text().startswith("-----BEGIN CERTIFICATE-----")
        for role in Role:
            assert member.paths.identity(role).key.exists()
            assert (member.identities / role.value / "cert.pem") == member.paths.identity(role).cert


def test_the_program_gets_the_whole_topology(home, network):  # noqa: ARG001 - it must run
    config = json.loads(home.config.read_text())
    assert list(config) == [
        "schema", "fabric_version", "channel", "chaincode", "chaincode_version", "batch", "client_auth",
        "organisations", "orderer",
    ]  # fmt: skip
    assert config["batch"] == {"timeout_ms": 10, "max_count": 200, "max_bytes": 2097152}
    assert config["client_auth"] is True
    alder = config["organisations"][0]
    assert list(alder) == [
        "name",
        "msp_id",
        "ca",
        "tls_ca",
        "admin",
        "listen",
        "peer",
        "tls",
        "clock_offset_ms",
        "lag_blocks",
    ]
    assert set(config["orderer"]) == {"name", "msp_id", "ca", "tls_ca", "admin", "listen", "node", "tls"}
    for pair in ("admin", "peer", "tls"):
        assert set(alder[pair]) == {"cert", "key"}
        assert all(os.path.isabs(path) and os.path.isfile(path) for path in alder[pair].values())  # noqa: PTH113, PTH117


def test_members_are_found_by_name_or_msp_id(network):
    assert network.connection.organisation("birch") is network.connection.organisation("BirchMSP")
    with pytest.raises(NotFoundError, match="'cedar'"):
        network.connection.organisation("cedar")


def test_status_of_a_network_that_runs(home, network):  # noqa: ARG001 - it must run
    assert states(home) == {
        ("process", "embedded"): State.RUNNING,
        ("peer", "alder"): State.RUNNING,
        ("peer", "birch"): State.RUNNING,
        ("orderer", "orderer"): State.RUNNING,
    }


def test_a_network_runs_only_once_in_a_directory(home, network):
    with pytest.raises(ConflictError, match=f"process {network.process.pid}"):
        embedded_engine.start(home, TOPOLOGY)
    assert network.process.poll() is None


def test_stop_leaves_no_process_and_may_be_repeated(home, network):
    # In a process of its own `quorate network down` is no parent: here the parent has to notice meanwhile.
    threading.Thread(target=network.process._popen.wait, daemon=True).start()
    assert embedded_engine.stop(home)
    assert not network.process.record.is_alive()
    assert not embedded_engine.stop(home)
    assert states(home) == {("process", "embedded"): State.STOPPED}
    with pytest.raises(NotFoundError, match=r"connection\.json"):
        Connection.load(home.connection)


def test_a_crash_is_noticed_and_mended_by_the_next_start(home, network, start):
    crash(network)
    assert states(home) == {("process", "embedded"): State.CRASHED}
    again = start()
    assert states(home)["process", "embedded"] is State.RUNNING
    assert again.connection.genesis == network.connection.genesis


def test_ports_that_do_not_answer_are_silent(home, network):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    document = network.connection.model_dump(mode="json", by_alias=True)
    document["organisations"][0]["address"] = f"127.0.0.1:{port}"
    home.connection.write_text(json.dumps(document))
    assert states(home)["peer", "alder"] is State.SILENT


def test_another_topology_does_not_fit_an_existing_ledger(home, network, start):
    network.stop()
    with pytest.raises(ConflictError, match="another topology"):
        embedded_engine.start(home, Topology.for_members(["Alder", "Birch", "Cedar"]))
    assert start().connection.genesis == network.connection.genesis


def test_what_is_not_on_the_ledger_may_change(home, network, start):
    network.stop()
    late = TOPOLOGY.organisations[0].model_copy(update={"lag_blocks": 2, "clock_offset_ms": -500})
    start(TOPOLOGY.model_copy(update={"organisations": (late, TOPOLOGY.organisations[1])}))
    assert json.loads(home.config.read_text())["organisations"][0]["lag_blocks"] == 2


def test_a_program_that_fails_is_quoted_and_leaves_no_process(home, install):
    install("import sys; sys.exit('no such channel')")
    with pytest.raises(UnreachableError, match="no such channel"):
        embedded_engine.start(home, TOPOLOGY)
    assert states(home) == {("process", "embedded"): State.STOPPED}


def test_a_program_of_another_version_is_ended(home, install):
    install(
        'import os, signal; print(\'{"schema": "quorate.embedded.ready/2"}\', os.getpid(), flush=True); signal.pause()'
    )
    with pytest.raises(DefectError) as caught:
        embedded_engine.start(home, TOPOLOGY)
    assert "make setup" in caught.value.hint
    pid = int(str(caught.value).split()[-1].rstrip("'."))
    assert ProcessRecord.of(pid) is None
    assert not home.pid_file.exists()


@pytest.mark.parametrize(
    ("before", "after"), [('"peers": dict(', '"peers": {} and dict('), ('config["channel"],\n', '"another",\n')]
)
def test_a_program_that_serves_something_else_is_ended(home, install, stand_in, before, after):
    source = stand_in.read_text()
    assert before in source
    install(source.replace(before, after))
    with pytest.raises(DefectError, match=r"nobody|another"):
        embedded_engine.start(home, TOPOLOGY)
    assert not home.pid_file.exists()


def test_commands_at_the_same_time_exclude_each_other(home):
    with home.locked(), pytest.raises(ConflictError, match="Another command"):
        embedded_engine.stop(home)


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        embedded_engine.stop(NetworkHome(tmp_path / "file" / "home"))


def test_an_absent_program_is_said_before_anything_is_made(home, monkeypatch):
    monkeypatch.setenv("QUORATE_EMBEDDED_BIN", "/no/such/program")
    with pytest.raises(UsageError, match="/no/such/program"):
        embedded_engine.start(home, TOPOLOGY)
    assert not home.directory.exists()
