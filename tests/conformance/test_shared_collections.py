"""Private data of several organisations: collections that the chaincode's definition names."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.fabric import CommitError, EndorseError, GatewayError
from network.fabric.chaincode import packages
from network.fabric.channel import administrator, peer_endpoint
from network.fabric.identities import identities_of
from network.lifecycle import Collection, Member, deploy
from network.native import NativeDriver
from network.native.plan import read_plan
from network.topology import Topology
from tests.conformance.world import World, endorsers, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.fabric import Contract
    from network.engine import Driver

SHARED, CEDARS = "shared", "cedars"
COLLECTIONS = (
    Collection(
        name=SHARED,
        members="OR('AlderMSP.member', 'CedarMSP.member')",
        endorsement="OR('AlderMSP.member', 'CedarMSP.member')",
    ),
    Collection(name=CEDARS, members="OR('CedarMSP.member')", endorsement="OR('CedarMSP.member')"),
)
SECRET = b"secret"


@pytest.fixture(scope="module")
def world(
    fabric_engine: Driver, chaincode_of_the_tests: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """Return a network of its own, whose chaincode was deployed again with collections."""
    if not isinstance(fabric_engine, NativeDriver):
        pytest.skip("needs Fabric itself as processes, to deploy its chaincode again")
    with opened(fabric_engine, tmp_path_factory.mktemp("collections"), chaincode_of_the_tests) as running:
        asyncio.run(deployed_again(running))
        yield running


async def deployed_again(world: World) -> None:
    home = world.running.home
    topology = Topology.load(home.topology)
    plan, identities = read_plan(home, topology), identities_of(home, topology)
    made = packages(plan, identities)
    members = []
    for one in topology.organisations:
        paths = identities.organisations[one.name]
        identity, signer = administrator(paths, one.msp_id).load()
        peers = tuple(peer_endpoint(place, paths) for place in plan.peers_of(one.name))
        members.append(Member(identity=identity, signer=signer, peers=peers, package=made[one.name]))
    await deploy(
        members, channel=world.channel, chaincode=world.chaincode, version="with-collections", collections=COLLECTIONS
    )


async def test_what_one_owner_wrote_the_other_can_read(world: World, contract: Contract, key: str) -> None:
    _, commit = await contract.submit_async("privatePut", SHARED, key, endorsing_organizations=["AlderMSP"])
    assert (await commit.status()).successful
    async with world.connect("cedar") as gateway:
        assert (await world.commit_at(gateway, commit.transaction_id).status()).successful
        theirs = gateway.network(world.channel).contract(world.chaincode)
        assert await theirs.evaluate("privateGet", SHARED, key, endorsing_organizations=["CedarMSP"]) == SECRET


async def test_a_stranger_cannot_read_it_even_at_an_owners_peer(world: World, contract: Contract, key: str) -> None:
    await contract.submit("privatePut", SHARED, key, endorsing_organizations=["AlderMSP"])
    async with world.connect("birch") as gateway:
        theirs = gateway.network(world.channel).contract(world.chaincode)
        with pytest.raises(GatewayError, match="does not have read access"):
            await theirs.evaluate("privateGet", SHARED, key, endorsing_organizations=["AlderMSP"])


async def test_a_stranger_cannot_write_it(world: World, key: str) -> None:
    async with world.connect("birch") as gateway:
        theirs = gateway.network(world.channel).contract(world.chaincode)
        with pytest.raises(EndorseError, match="does not have write access"):
            await theirs.submit("privatePut", SHARED, key, endorsing_organizations=["AlderMSP"])


async def test_an_owner_endorses_what_it_may_without_being_named(contract: Contract, key: str) -> None:
    transaction = await contract.new_proposal("privatePut", SHARED, key).endorse()
    assert set(endorsers(transaction)) <= {"AlderMSP", "CedarMSP"}
    assert (await (await transaction.submit()).status()).successful
    assert await contract.evaluate("privateGet", SHARED, key, endorsing_organizations=["AlderMSP"]) == SECRET


async def test_somebody_of_no_owner_cannot_write_anothers(contract: Contract, key: str) -> None:
    with pytest.raises((EndorseError, CommitError)):
        await contract.submit("privatePut", CEDARS, key, endorsing_organizations=["CedarMSP"])


async def test_of_two_collections_the_gateway_finds_who_must_endorse_both(
    world: World, contract: Contract, key: str
) -> None:
    async with world.connect("cedar") as gateway:
        theirs = gateway.network(world.channel).contract(world.chaincode)
        transaction = await theirs.new_proposal("privatePut", f"{SHARED},{CEDARS}", key).endorse()
        assert "CedarMSP" in endorsers(transaction)
        status = await (await transaction.submit()).status()
        assert status.successful
        for collection in (SHARED, CEDARS):
            found = await theirs.evaluate("privateGet", collection, key, endorsing_organizations=["CedarMSP"])
            assert found == SECRET
    async with world.connect("alder") as gateway:
        assert (await world.commit_at(gateway, status.transaction_id).status()).successful
    assert await contract.evaluate("privateGet", SHARED, key, endorsing_organizations=["AlderMSP"]) == SECRET
    with pytest.raises(GatewayError):
        await contract.evaluate("privateGet", CEDARS, key, endorsing_organizations=["AlderMSP"])
