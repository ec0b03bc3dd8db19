import socket

import pytest

from network.home import NetworkHome
from network.native.plan import make_plan, read_plan, require_free_ports
from network.topology import Topology
from quorate.errors import ConflictError


@pytest.fixture
def home(tmp_path):
    return NetworkHome(tmp_path)


def topology(**changes):
    document = {
        "organisations": [{"name": "alder", "msp_id": "AlderMSP", "peers": 2}, {"name": "birch", "msp_id": "BirchMSP"}],
        "orderer": {"nodes": 3},
    }
    return Topology.model_validate(document | changes)


def test_every_process_has_a_name_of_its_own(home):
    plan = make_plan(home, topology())
    assert [place.name for place in plan.places] == [
        "orderer0.orderer",
        "orderer1.orderer",
        "orderer2.orderer",
        "peer0.alder",
        "peer1.alder",
        "peer0.birch",
        "chaincode.alder",
        "chaincode.birch",
    ]
    assert [place.name for place in plan.peers_of("alder")] == ["peer0.alder", "peer1.alder"]


def test_with_fabric_ca_every_organisation_has_a_server(home):
    plan = make_plan(home, topology(ca="fabric-ca"))
    assert [place.name for place in plan.authorities] == ["ca.orderer", "ca.alder", "ca.birch"]
    assert all(place.port for place in plan.authorities)


def test_no_two_listen_at_the_same_port_and_all_keep_theirs(home):
    plan = make_plan(home, topology())
    listening = [
        port for place in plan.places for port in (place.port, place.operations_port, place.admin_port) if port
    ]
    assert len(set(listening)) == len(listening) == 3 * 3 + 3 * 2 + 2
    assert make_plan(home, topology()) == read_plan(home, topology()) == plan


def test_ports_that_were_asked_for_are_the_first_nodes(home):
    organisations = [{"name": "alder", "msp_id": "AlderMSP", "port": 7051}]
    plan = make_plan(home, topology(organisations=organisations, orderer={"port": 7050}))
    assert (plan.orderers[0].address, plan.peers[0].address) == ("127.0.0.1:7050", "127.0.0.1:7051")


def test_a_port_that_somebody_else_took_meanwhile_is_named(home):
    plan = make_plan(home, topology())
    require_free_ports(plan.places)
    taken = plan.peers[1]
    with (
        socket.create_server(("127.0.0.1", taken.operations_port)),
        pytest.raises(ConflictError, match=rf"Port {taken.operations_port} of peer1\.alder is in use"),
    ):
        require_free_ports(plan.places)


def test_a_port_that_the_ledger_does_not_know_is_refused(home):
    make_plan(home, topology())
    make_plan(home, topology(orderer={"port": 7050, "nodes": 3}))
    home.ledger.mkdir()
    with pytest.raises(ConflictError, match=r"knows orderer0\.orderer at port 7050, not 7051"):
        make_plan(home, topology(orderer={"port": 7051, "nodes": 3}))
    make_plan(home, topology(orderer={"port": 7050, "nodes": 3}))
