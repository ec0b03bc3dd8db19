"""Private data: in the implicit collection of one organisation, which every channel has."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from gateway.fabric import CommitError, GatewayError, TxValidationCode
from quorate.blocks import protos
from tests.conformance.world import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.fabric import Contract, Network
    from network.engine import Driver
    from tests.conformance.world import World

ALDERS, BIRCHES = "_implicit_org_AlderMSP", "_implicit_org_BirchMSP"
SECRET = b"secret"

pytestmark = pytest.mark.usefixtures("real_fabric")


async def put(contract: Contract, collection: str, key: str, *msps: str) -> None:
    await contract.submit("privatePut", collection, key, endorsing_organizations=msps)


async def test_what_its_organisation_wrote_it_can_read(contract: Contract, key: str) -> None:
    await put(contract, ALDERS, key, "AlderMSP")
    assert await contract.evaluate("privateGet", ALDERS, key, endorsing_organizations=["AlderMSP"]) == SECRET


async def test_another_organisations_peer_does_not_have_it(world: World, contract: Contract, key: str) -> None:
    _, commit = await contract.submit_async("privatePut", ALDERS, key, endorsing_organizations=["AlderMSP"])
    async with world.connect("birch") as gateway:  # before its peer has the transaction, there is nothing to lack
        assert (await world.commit_at(gateway, commit.transaction_id).status()).successful
    with pytest.raises(GatewayError):
        await contract.evaluate("privateGet", ALDERS, key, endorsing_organizations=["BirchMSP"])


async def test_another_organisation_may_write_where_the_owner_endorses(
    world: World, contract: Contract, key: str
) -> None:
    async with world.connect("birch") as gateway:
        theirs = gateway.network(world.channel).contract(world.chaincode)
        _, commit = await theirs.submit_async("privatePut", ALDERS, key, endorsing_organizations=["AlderMSP"])
        assert (await commit.status()).successful
    async with world.connect("alder") as gateway:
        assert (await world.commit_at(gateway, commit.transaction_id).status()).successful
    assert await contract.evaluate("privateGet", ALDERS, key, endorsing_organizations=["AlderMSP"]) == SECRET


@pytest.fixture
def world_of_its_own(
    fabric_engine: Driver, chaincode_of_the_tests: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    with opened(fabric_engine, tmp_path_factory.mktemp("private"), chaincode_of_the_tests) as running:
        yield running


async def test_without_its_owners_endorsement_nothing_is_written(world_of_its_own: World, key: str) -> None:
    # The owner's peer looks for the missing data, for a minute by default, before it commits such a block as invalid:
    # so others shall not share the network, and another peer is asked.
    world = world_of_its_own
    async with world.connect("birch") as gateway:
        contract = gateway.network(world.channel).contract(world.chaincode)
        with pytest.raises(CommitError) as caught:
            await put(contract, ALDERS, key, "BirchMSP")
        assert caught.value.validation_code is TxValidationCode.ENDORSEMENT_POLICY_FAILURE
        assert await contract.evaluate("privateHash", ALDERS, key, endorsing_organizations=["BirchMSP"]) == b""


async def test_the_gateway_finds_the_owner_by_itself(contract: Contract, key: str) -> None:
    await contract.submit("privatePut", ALDERS, key)
    assert await contract.evaluate("privateGet", ALDERS, key) == SECRET


async def test_everybody_can_see_its_hash(contract: Contract, key: str) -> None:
    await put(contract, ALDERS, key, "AlderMSP")
    for msp in ("AlderMSP", "BirchMSP", "CedarMSP"):
        found = await contract.evaluate("privateHash", ALDERS, key, endorsing_organizations=[msp])
        assert found.decode() == hashlib.sha256(SECRET).hexdigest()


async def private_values(network: Network, number: int) -> list[tuple[str, bytes]]:
    """Return collections and private values of a block's writes, as this connection's peer shows them."""
    async with network.block_and_private_data_events(start_block=number) as blocks:
        found = await anext(blocks)
    assert found.block.header.number == number
    return [
        (collection.collection_name, write.value)
        for private in found.private_data_map.values()
        for namespace in private.ns_pvt_rwset
        for collection in namespace.collection_pvt_rwset
        for write in protos.KVRWSet.FromString(collection.rwset).writes
    ]


async def test_block_events_have_it_for_its_organisation_only(
    world: World, network: Network, contract: Contract, key: str
) -> None:
    _, commit = await contract.submit_async("privatePut", ALDERS, key, endorsing_organizations=["AlderMSP"])
    status = await commit.status()
    assert status.successful
    assert await private_values(network, status.block_number) == [(ALDERS, SECRET)]
    async with world.connect("birch") as gateway:
        assert await private_values(gateway.network(world.channel), status.block_number) == []


async def test_a_deleted_value_is_gone(contract: Contract, key: str) -> None:
    await put(contract, ALDERS, key, "AlderMSP")
    await contract.submit("privateDelete", ALDERS, key, endorsing_organizations=["AlderMSP"])
    assert await contract.evaluate("privateGet", ALDERS, key, endorsing_organizations=["AlderMSP"]) == b""


async def test_each_organisations_collection_is_its_own(contract: Contract, key: str) -> None:
    await put(contract, ALDERS, key, "AlderMSP")
    assert await contract.evaluate("privateGet", BIRCHES, key, endorsing_organizations=["BirchMSP"]) == b""
