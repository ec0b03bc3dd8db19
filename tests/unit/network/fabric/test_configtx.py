from pathlib import Path

import pytest
import yaml

from network.fabric.configtx import PROFILE, ChannelMember, Consenter, configtx
from network.topology import Batch, Topology

MEMBERS = [
    ChannelMember(msp_id="AlderMSP", msp=Path("/msp/alder"), anchor=("127.0.0.1", 7051)),
    ChannelMember(msp_id="BirchMSP", msp=Path("/msp/birch"), anchor=("127.0.0.1", 8051)),
]
ORDERER = ChannelMember(msp_id="OrdererMSP", msp=Path("/msp/orderer"))


def consenters(count):
    return [
        Consenter(host="127.0.0.1", port=7050 + n, identity=Path(f"/id{n}.pem"), tls=Path(f"/tls{n}.pem"))
        for n in range(count)
    ]


def profile(topology, *, nodes=1):
    return yaml.safe_load(configtx(topology, MEMBERS, ORDERER, consenters(nodes)))["Profiles"][PROFILE]


def topology(**changes):
    changes = {"batch": Batch(timeout_ms=50, max_count=7, max_bytes=65536)} | changes
    return Topology.for_members(["Alder", "Birch"]).model_copy(update=changes)


def test_the_policies_of_the_channel_are_majorities():
    application = profile(topology())["Application"]
    rules = {name: policy["Rule"] for name, policy in application["Policies"].items()}
    assert rules == {
        "Readers": "ANY Readers",
        "Writers": "ANY Writers",
        "Admins": "MAJORITY Admins",
        "Endorsement": "MAJORITY Endorsement",
        "LifecycleEndorsement": "MAJORITY Endorsement",
    }
    assert application["Capabilities"] == {"V2_5": True}


def test_a_member_endorses_by_its_peers_and_has_its_anchor_from_the_beginning():
    alder = profile(topology())["Application"]["Organizations"][0]
    assert alder["Policies"]["Endorsement"] == {"Type": "Signature", "Rule": "OR('AlderMSP.peer')"}
    assert alder["Policies"]["Admins"]["Rule"] == "OR('AlderMSP.admin')"
    assert (alder["Name"], alder["ID"], alder["MSPDir"]) == ("AlderMSP", "AlderMSP", "/msp/alder")
    assert alder["AnchorPeers"] == [{"Host": "127.0.0.1", "Port": 7051}]


def test_orderers_are_found_by_their_organisation():
    (organisation,) = profile(topology(), nodes=3)["Orderer"]["Organizations"]
    assert organisation["OrdererEndpoints"] == ["127.0.0.1:7050", "127.0.0.1:7051", "127.0.0.1:7052"]
    assert "Endorsement" not in organisation["Policies"]


def test_raft():
    orderer = profile(topology(), nodes=3)["Orderer"]
    assert orderer["OrdererType"] == "etcdraft"
    assert orderer["EtcdRaft"]["Consenters"][2] == {
        "Host": "127.0.0.1",
        "Port": 7052,
        "ClientTLSCert": "/tls2.pem",
        "ServerTLSCert": "/tls2.pem",
    }
    assert orderer["BatchTimeout"] == "50ms"
    assert orderer["BatchSize"] == {
        "MaxMessageCount": 7,
        "AbsoluteMaxBytes": 99 * 1024 * 1024,
        "PreferredMaxBytes": 65536,
    }


def test_smartbft_numbers_its_consenters_and_batches_by_its_own_interval():
    orderer = profile(topology(consensus="smartbft"), nodes=4)["Orderer"]
    assert orderer["OrdererType"] == "BFT"
    assert [one["ID"] for one in orderer["ConsenterMapping"]] == [1, 2, 3, 4]
    assert orderer["ConsenterMapping"][0]["Identity"] == "/id0.pem"
    assert orderer["ConsenterMapping"][0]["MSPID"] == "OrdererMSP"
    assert orderer["SmartBFT"]["RequestBatchMaxInterval"] == "50ms"
    assert orderer["SmartBFT"]["RequestBatchMaxCount"] == 7
    assert "EtcdRaft" not in orderer


@pytest.mark.parametrize(("version", "capability"), [("3.1", "V3_0"), ("2.5", "V2_0")])
def test_the_channel_demands_what_the_version_can_do(version, capability):
    assert profile(topology(fabric_version=version))["Capabilities"] == {capability: True}
