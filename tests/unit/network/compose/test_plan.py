import pytest

from network.compose.plan import make_plan, port_numbers, published, read_plan
from network.home import NetworkHome
from network.topology import Topology


@pytest.fixture
def home(tmp_path):
    return NetworkHome(tmp_path)


def topology(**changes):
    data = Topology.for_members(["Alder", "Birch"]).model_dump(by_alias=True)
    return Topology.model_validate(data | changes)


def test_every_node_is_found_by_the_name_in_its_certificate(home):
    plan = make_plan(home, topology(ca="fabric-ca"))
    assert {place.name: place.endpoint for place in (*plan.orderers, *plan.peers, *plan.chaincodes)} == {
        "orderer0.orderer": "orderer0.orderer.test:7050",
        "peer0.alder": "peer0.alder.test:7051",
        "peer0.birch": "peer0.birch.test:7051",
        "chaincode.alder": "chaincode.alder.test:7052",
        "chaincode.birch": "chaincode.birch.test:7052",
    }
    assert [place.name for place in plan.authorities] == ["ca.orderer", "ca.alder", "ca.birch"]


def test_ports_are_chosen_once_and_kept(home):
    first = make_plan(home, topology())
    ports = port_numbers(first)
    assert set(ports) == {"orderer0.orderer", "orderer0.orderer/admin", "peer0.alder", "peer0.birch"}
    assert len(set(ports.values())) == 4
    assert min(ports.values()) > 1024
    assert port_numbers(make_plan(home, topology())) == ports
    assert read_plan(home, topology()) == first


def test_ports_that_the_topology_asks_for_are_taken(home):
    members = [{"name": "alder", "msp_id": "AlderMSP", "port": 17051, "peers": 2}]
    plan = make_plan(home, topology(organisations=members))
    assert plan.peers[0].address == "127.0.0.1:17051"
    assert plan.peers[1].port not in {0, 17051}


def test_a_chaincode_is_reached_by_its_peers_only(home):
    plan = make_plan(home, topology())
    assert published(plan.chaincodes[0]) == {}
    assert published(plan.peers[0]) == {7051: "peer0.alder"}
    assert published(plan.orderers[0]) == {7050: "orderer0.orderer", 7053: "orderer0.orderer/admin"}


def test_a_ca_listens_at_the_same_port_inside_and_outside(home):
    (authority, *_) = make_plan(home, topology(ca="fabric-ca")).authorities
    assert authority.port > 0
    assert published(authority) == {authority.port: "ca.orderer"}
