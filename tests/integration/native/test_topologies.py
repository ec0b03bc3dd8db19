"""Every kind of ordering, both versions of Fabric, several peers, and Fabric CA: up, a transaction, up again."""

import asyncio

import pytest

from network.consortium import found_at_once, open_contract
from network.identity import Role
from network.identity.fabric_ca.program import find_ca_program
from quorate.errors import UsageError
from tests.integration.datasets import unprotected
from tests.integration.native.conftest import found_in_the_end, in_the_end, title, topology

ORDERERS = ("orderer0.orderer", "orderer1.orderer", "orderer2.orderer")


def goes_on(engine, start, wanted):
    network = start(engine, wanted)
    found_at_once(network.connection, timeout_s=60)
    network.stop()
    again = start(engine, wanted)
    assert b"A consortium for tests" in title(again.connection, 1)
    return again


@pytest.mark.parametrize(
    ("consensus", "nodes"), [("raft", 3), ("smartbft", 4)], ids=["three Raft orderers", "four SmartBFT orderers"]
)
def test_orderers_that_agree(native, start, consensus, nodes):
    network = goes_on(native, start, topology("Alder", "Birch", consensus=consensus, orderer={"nodes": nodes}))
    assert [one.name for one in network.connection.orderers] == [f"orderer{n}.orderer" for n in range(nodes)]
    assert len({one.address for one in network.connection.orderers}) == nodes


@pytest.mark.parametrize("nodes", [1, 3])
def test_fabric_2_5(native_2_5, start, nodes):
    goes_on(native_2_5, start, topology("Alder", "Birch", fabric_version="2.5", orderer={"nodes": nodes}))


def test_any_one_of_three_raft_orderers_may_fail(native, start):
    network = start(native, topology("Alder", "Birch", orderer={"nodes": 3}))
    for name in ORDERERS:
        network.nodes[name].kill()
        found_in_the_end(network.connection)
        network.nodes[name].start()
    assert b"A consortium for tests" in title(network.connection)


def test_any_one_of_three_raft_orderers_may_hang(native, start):
    """Frozen, its connections open: no member waits until its deadline, one minute, for blocks or for an answer."""
    network = start(native, topology("Alder", "Birch", orderer={"nodes": 3}))
    found_at_once(network.connection, timeout_s=60)
    for name in ORDERERS:
        network.nodes[name].pause()
        asyncio.run(everybody_commits(network.connection, f"while-{name}-hangs"))
        network.nodes[name].resume()


async def everybody_commits(connection, dataset):
    """Every member's own peer says that a transaction of that member is in a block."""

    async def commit(member):
        async with open_contract(connection, member, Role.STEWARD) as contract:
            await contract.submit("dataset:Register", unprotected(f"{member.name}-{dataset}").encode())

    await asyncio.gather(*map(commit, connection.organisations))


def test_a_smartbft_orderer_that_was_away_counts_again(native, start):
    """It has what it missed, so that the next one may fail: three of four must agree."""
    network = start(native, topology("Alder", "Birch", consensus="smartbft", orderer={"nodes": 4}))
    network.nodes["orderer3.orderer"].kill()
    found_in_the_end(network.connection)
    network.nodes["orderer3.orderer"].start()
    network.nodes["orderer2.orderer"].kill()
    in_the_end(lambda: asyncio.run(everybody_commits(network.connection, "without-another")), within_s=150)


def test_several_peers_of_an_organisation_have_the_same_ledger(native, start):
    organisations = [
        {"name": "alder", "msp_id": "AlderMSP", "peers": 2},
        {"name": "birch", "msp_id": "BirchMSP"},
    ]
    network = goes_on(native, start, topology("Alder", "Birch", organisations=organisations))
    alder = network.connection.organisation("alder")
    assert [peer.name for peer in alder.peers] == ["peer0.alder", "peer1.alder"]
    second = alder.model_copy(update={"address": alder.peers[1].address})
    elsewhere = network.connection.model_copy(update={"organisations": (second,)})
    assert title(elsewhere) == title(network.connection)


def test_a_peer_that_is_added_to_a_ledger_that_exists_catches_up(native, start):
    network = start(native, topology("Alder", "Birch"))
    found_at_once(network.connection, timeout_s=60)
    organisations = [
        {"name": "alder", "msp_id": "AlderMSP", "peers": 2},
        {"name": "birch", "msp_id": "BirchMSP"},
    ]
    grown = start(native, topology("Alder", "Birch", organisations=organisations))
    alder = grown.connection.organisation("alder")
    second = alder.model_copy(update={"address": alder.peers[1].address})
    elsewhere = grown.connection.model_copy(update={"organisations": (second,)})
    assert title(elsewhere) == title(network.connection)
    assert grown.nodes["peer0.alder"].pid == network.nodes["peer0.alder"].pid


def test_identities_from_fabric_ca(native, start):
    try:
        find_ca_program()
    except UsageError as error:
        pytest.skip(f"needs Fabric CA's server: {error}")
    network = goes_on(native, start, topology("Alder", "Birch", ca="fabric-ca"))
    assert {node.name for node in network.nodes.values() if node.kind == "ca"} == {"ca.orderer", "ca.alder", "ca.birch"}
