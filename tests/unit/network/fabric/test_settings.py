from pathlib import Path, PurePosixPath

import pytest
import yaml

from network.fabric.core_settings import PeerSettings, core_yaml
from network.fabric.orderer_settings import OrdererSettings, orderer_yaml
from tests.unit.docs.pages import DOCS, fenced, read


def peer(**changes):
    settings = {
        "name": "peer0.alder",
        "msp_id": "AlderMSP",
        "listen": "0.0.0.0:7051",
        "address": "peer0.alder.test:7051",
        "operations": "127.0.0.1:9443",
        "siblings": [],
        "msp": PurePosixPath("/msp"),
        "data": PurePosixPath("/data"),
        "tls": PurePosixPath("/tls"),
        "tls_authorities": [PurePosixPath("/ca/alder.pem"), PurePosixPath("/ca/birch.pem")],
        "builder": PurePosixPath("/builder"),
        "fabric_version": "3.1",
        "orderers_stand_in": False,
    }
    return yaml.safe_load(core_yaml(PeerSettings(**settings | changes)))


def test_a_peer_speaks_mutual_tls_as_server_and_as_client():
    tls = peer()["peer"]["tls"]
    assert tls["enabled"] is tls["clientAuthRequired"] is True
    assert tls["cert"] == tls["clientCert"] == {"file": "/tls/cert.pem"}
    assert tls["key"] == tls["clientKey"] == {"file": "/tls/key.pem"}
    assert tls["clientRootCAs"]["files"] == ["/ca/alder.pem", "/ca/birch.pem"]


def test_a_peer_is_found_by_others_where_it_says():
    settings = peer()["peer"]
    assert settings["listenAddress"] == "0.0.0.0:7051"
    assert settings["address"] == settings["gossip"]["externalEndpoint"] == "peer0.alder.test:7051"


def test_a_peer_alone_begins_with_itself_and_others_with_their_siblings():
    assert peer()["peer"]["gossip"]["bootstrap"] == "peer0.alder.test:7051"
    assert peer(siblings=["peer1.alder.test:7051"])["peer"]["gossip"]["bootstrap"] == ["peer1.alder.test:7051"]


def test_chaincode_is_a_service_and_docker_is_not_asked_for():
    settings = peer()
    assert settings["vm"]["endpoint"] == ""
    assert settings["chaincode"]["externalBuilders"] == [{"name": "quorate-service", "path": "/builder"}]
    assert settings["peer"]["chaincodeListenAddress"] == "127.0.0.1:0"


@pytest.mark.parametrize(("stand_in", "broadcast", "silence"), [(True, "1500ms", "10s"), (False, "30s", "60s")])
def test_an_orderer_that_hangs_is_left_soon_where_another_can_stand_in(stand_in, broadcast, silence):
    settings = peer(orderers_stand_in=stand_in)["peer"]
    assert settings["gateway"]["broadcastTimeout"] == broadcast
    assert settings["keepalive"]["deliveryClient"]["interval"] == silence


def test_the_page_on_gateways_shows_what_peers_get_then():
    (shown,) = (yaml.safe_load(body)["peer"] for body in fenced(read(DOCS / "how-to" / "run-a-gateway.md"), "yaml"))
    settings = peer(orderers_stand_in=True)["peer"]
    assert shown["keepalive"]["deliveryClient"] == settings["keepalive"]["deliveryClient"]
    assert shown["gateway"].items() <= settings["gateway"].items()


@pytest.mark.parametrize(("version", "checked"), [("3.1", True), ("2.5", False)])
def test_proposals_out_of_time_are_refused_where_fabric_can(version, checked):
    filters = peer(fabric_version=version)["peer"]["handlers"]["authFilters"]
    assert ({"name": "TimeWindowCheck"} in filters) is checked


def test_the_external_builder_is_three_programs_that_may_be_run():
    room = Path(__file__).parents[4] / "network" / "fabric" / "builder" / "bin"
    assert sorted(path.name for path in room.iterdir()) == ["build", "detect", "release"]
    assert all(path.stat().st_mode & 0o111 for path in room.iterdir())


def orderer(**changes):
    settings = {
        "msp_id": "OrdererMSP",
        "listen": "127.0.0.1:7050",
        "admin": "127.0.0.1:9443",
        "operations": "127.0.0.1:8443",
        "msp": PurePosixPath("/msp"),
        "data": PurePosixPath("/data"),
        "tls": PurePosixPath("/tls"),
        "tls_authority": PurePosixPath("/ca/orderer.pem"),
        "client_authorities": [PurePosixPath("/ca/orderer.pem"), PurePosixPath("/ca/alder.pem")],
        "consensus": "raft",
    }
    return yaml.safe_load(orderer_yaml(OrdererSettings(**settings | changes)))


def test_an_orderer_lets_in_whom_the_channels_authorities_know_and_its_own_administrator():
    settings = orderer()
    general = settings["General"]
    assert (general["ListenAddress"], general["ListenPort"]) == ("127.0.0.1", 7050)
    assert general["TLS"]["ClientRootCAs"] == ["/ca/orderer.pem", "/ca/alder.pem"]
    assert settings["Admin"]["TLS"]["ClientRootCAs"] == ["/ca/orderer.pem"]
    assert general["TLS"]["ClientAuthRequired"] is settings["Admin"]["TLS"]["ClientAuthRequired"] is True
    assert general["BootstrapMethod"] == "none"
    assert general["Keepalive"]["ServerMinInterval"] == "5s"
    assert settings["FileLedger"]["Location"] == "/data"


@pytest.mark.parametrize(("consensus", "policy"), [("smartbft", "simple"), ("raft", None)])
def test_an_orderer_that_was_away_asks_for_blocks_in_a_way_that_mutual_tls_lets_through(consensus, policy):
    assert orderer(consensus=consensus)["General"]["Cluster"].get("ReplicationPolicy") == policy
