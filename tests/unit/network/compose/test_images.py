from importlib import metadata

import pytest

from network.compose.images import Images
from network.topology import Topology


def topology(**changes):
    return Topology.for_members(["Alder"]).model_copy(update=changes)


@pytest.mark.parametrize(("version", "tag"), [("3.1", "3.1.5"), ("2.5", "2.5.16")])
def test_the_usual_images_are_the_official_ones_of_the_version_and_our_own(version, tag):
    assert Images.of(topology(fabric_version=version), {}).names == {
        "FABRIC_PEER_IMAGE": f"hyperledger/fabric-peer:{tag}",
        "FABRIC_ORDERER_IMAGE": f"hyperledger/fabric-orderer:{tag}",
        "QUORATE_CHAINCODE_IMAGE": f"quorate/chaincode:{metadata.version('quorate')}",
    }


def test_an_image_of_the_ca_is_needed_only_for_a_topology_with_one():
    assert Images.of(topology(ca="fabric-ca"), {}).names["FABRIC_CA_IMAGE"] == "hyperledger/fabric-ca:1.5.17"


def test_the_environment_names_other_images():
    found = Images.of(topology(), {"FABRIC_PEER_IMAGE": "mine/peer:1", "FABRIC_ORDERER_IMAGE": ""}).names
    assert found["FABRIC_PEER_IMAGE"] == "mine/peer:1"
    assert found["FABRIC_ORDERER_IMAGE"] == "hyperledger/fabric-orderer:3.1.5"
