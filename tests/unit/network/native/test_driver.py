import json

import pytest

from network.engine import Engine, driver, driver_of
from network.home import NetworkHome
from network.native.plan import make_plan
from network.status import State
from network.topology import Topology
from quorate.errors import ConflictError, UsageError

TOPOLOGY = Topology.for_members(["Alder"])


@pytest.fixture
def home(tmp_path):
    home = NetworkHome(tmp_path)
    home.adopt(TOPOLOGY, "native")
    home.ledger.mkdir()
    return home


@pytest.fixture
def native(tmp_path):
    return driver(Engine.NATIVE, fabric_bin=tmp_path / "bin")


def test_what_is_missing_is_one_sentence_and_where_to_get_it(native, tmp_path):
    missing = native.missing()
    assert f"Fabric's peer, orderer, configtxgen and osnadmin are not in {tmp_path / 'bin'}." in missing
    assert "github.com/hyperledger/fabric/releases" in missing


def test_without_programs_nothing_is_made(native, tmp_path):
    new = NetworkHome(tmp_path / "new")
    with pytest.raises(UsageError, match="Fabric's peer"):
        native.start(new, TOPOLOGY)
    assert not new.directory.exists()


def test_a_directory_leads_to_its_engine(home, tmp_path):
    assert type(driver_of(home)) is type(driver(Engine.NATIVE))
    assert type(driver_of(NetworkHome(tmp_path / "new"))) is type(driver(Engine.EMBEDDED))


def test_a_ledger_stays_with_the_engine_that_made_it(home):
    with pytest.raises(ConflictError, match="made by the engine native, not embedded"):
        home.adopt(TOPOLOGY, "embedded")


def test_what_the_ledger_does_not_hold_may_change_and_members_may_not(home):
    home.adopt(TOPOLOGY.model_copy(update={"chaincode_version": "0.2.0", "ca": "fabric-ca"}), "native")
    more = TOPOLOGY.organisations[0].model_copy(update={"peers": 2, "port": 7051})
    home.adopt(TOPOLOGY.model_copy(update={"organisations": (more,)}), "native")
    with pytest.raises(ConflictError, match="another topology"):
        home.adopt(Topology.for_members(["Alder", "Birch"]), "native")


def test_processes_are_stopped_or_crashed_by_their_records(home, native):
    plan = make_plan(home, TOPOLOGY)
    assert {status.state for status in native.status(home)} == {State.STOPPED}
    plan.peers[0].directory.mkdir(parents=True)
    plan.peers[0].pid_file.write_text(json.dumps({"pid": 1, "started": "before"}))
    found = {status.name: status.state for status in native.status(home)}
    assert found == {
        "orderer0.orderer": State.STOPPED,
        "peer0.alder": State.CRASHED,
        "chaincode.alder": State.STOPPED,
    }
    assert not native.stop(home)
    assert not plan.peers[0].pid_file.exists()


def test_every_process_has_a_log(home, native):
    logs = native.logs(home)
    assert list(logs) == ["orderer0.orderer", "peer0.alder", "chaincode.alder"]
    assert logs["peer0.alder"] == home.directory / "nodes" / "peer0.alder" / "node.log"


def test_a_directory_without_a_network_has_no_processes(tmp_path, native):
    assert native.status(NetworkHome(tmp_path / "new")) == []
    assert native.logs(NetworkHome(tmp_path / "new")) == {}
