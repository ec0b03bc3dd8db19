"""Deploying to peers that know the lifecycle: what happens once, again, half, and next."""

import pytest

from gateway.fabric import Tls
from network.lifecycle import ChaincodePackage, Collection, DeploymentError, deploy, endorsement_policy, service_package
from quorate.errors import ConflictError, IntegrityError, QuorateError, StateError, UsageError
from tests.unit.network.lifecycle.fake_channel import MEMBERS, channel

TLS = Tls(roots=b"root", certificate=b"certificate", key=b"key")


def package(msp, label="quorate_1"):
    return service_package(label, f"{msp.lower()}.test:9999", TLS)


def members(organisations, *names, label="quorate_1", running=True):
    found = []
    for name in names or MEMBERS:
        made = package(name, label)
        if running:
            for peer in organisations[name].peers:
                peer.running.add(made.package_id)
        found.append(organisations[name].member(made))
    return found


async def roll_out(organisations, *names, label="quorate_1", running=True, **changes):
    settings = {"channel": "quorate", "chaincode": "trial", "version": "1", "deadline_s": 60.0} | changes
    return await deploy(members(organisations, *names, label=label, running=running), **settings)


async def test_the_first_deployment_does_every_step():
    async with channel() as (ledger, organisations):
        done = await roll_out(organisations)
        assert (done.definition.sequence, done.committed, done.approved) == (1, True, MEMBERS)
        assert len(done.installed) == 3
        assert done.package_ids == {msp: package(msp).package_id for msp in MEMBERS}
        assert ledger.committed["trial"].version == "1"
        assert ledger.committed["trial"].validation_parameter == endorsement_policy()


async def test_repeating_it_does_nothing():
    async with channel() as (ledger, organisations):
        await roll_out(organisations)
        again = await roll_out(organisations)
        assert (again.installed, again.approved, again.committed) == ((), (), False)
        assert ledger.commits == 1


async def test_a_new_version_is_the_next_sequence():
    async with channel() as (ledger, organisations):
        await roll_out(organisations)
        done = await roll_out(organisations, label="quorate_2", version="2", policy="OR('AlderMSP.peer')")
        assert (done.definition.sequence, done.committed, ledger.committed["trial"].sequence) == (2, True, 2)


async def test_a_new_package_of_the_same_definition_is_approved_by_its_member_only_and_not_committed():
    async with channel() as (ledger, organisations):
        await roll_out(organisations)
        renewed = package("BirchMSP", "quorate_1_renewed")
        organisations["BirchMSP"].peers[0].running.add(renewed.package_id)
        mixed = [*members(organisations, "AlderMSP", "CedarMSP"), organisations["BirchMSP"].member(renewed)]
        done = await deploy(mixed, channel="quorate", chaincode="trial", version="1", deadline_s=60)
        assert (done.definition.sequence, done.approved, done.committed) == (1, ("BirchMSP",), False)
        assert ledger.commits == 1


async def test_every_peer_of_a_member_gets_the_package():
    async with channel(peers=2) as (_, organisations):
        done = await roll_out(organisations, "AlderMSP", "BirchMSP")
        assert len(done.installed) == 4


async def test_a_majority_is_enough_and_a_member_may_run_nothing():
    async with channel() as (ledger, organisations):
        alder, birch = members(organisations, "AlderMSP", "BirchMSP")
        birch = organisations["BirchMSP"].member(None)
        done = await deploy([alder, birch], channel="quorate", chaincode="trial", version="1", deadline_s=60)
        assert done.package_ids["BirchMSP"] == ""
        assert ledger.approved["BirchMSP", "trial", 1].source.WhichOneof("Type") == "unavailable"


async def test_too_few_members_are_named():
    async with channel() as (ledger, organisations):
        with pytest.raises(StateError, match=r"Too few members .* trial 1: not BirchMSP, CedarMSP") as caught:
            await roll_out(organisations, "AlderMSP")
        assert caught.value.code == "INVALID_STATE"
        assert not ledger.committed


async def test_what_another_member_approved_instead_is_said():
    async with channel() as (_, organisations):
        with pytest.raises(StateError):
            await roll_out(organisations, "BirchMSP", version="other")
        with pytest.raises(StateError, match=r"not BirchMSP \(it approved another version, .*\), CedarMSP\.$"):
            await roll_out(organisations, "AlderMSP")


async def test_a_peer_that_is_down_is_named_the_others_go_on_and_a_second_run_finishes():
    async with channel() as (ledger, organisations):
        birch = organisations["BirchMSP"]
        await birch.servers[0].stop(grace=None)
        with pytest.raises(DeploymentError) as caught:
            await roll_out(organisations)
        address = birch.endpoints[0].address
        assert list(caught.value.failures) == [f"BirchMSP at {address}"]
        assert (caught.value.step, caught.value.code, caught.value.exit_code) == ("install", "UNREACHABLE", 3)
        assert "1 of 3 are missing" in str(caught.value)
        assert "run the same again" in caught.value.hint
        assert len(organisations["AlderMSP"].peers[0].installed) == 1
        done = await roll_out(organisations, "AlderMSP", "CedarMSP")
        assert (done.installed, done.committed, ledger.commits) == ((), True, 1)


async def test_a_chaincode_that_does_not_answer_is_named_in_time():
    async with channel() as (_, organisations):
        organisations["CedarMSP"].peers[0].running.clear()
        with pytest.raises(DeploymentError, match="connection refused") as caught:
            await roll_out(organisations, running=False, deadline_s=3)
        assert caught.value.step == "wait for the chaincode"
        assert caught.value.code == "TIMED_OUT"
        assert len(caught.value.failures) == 3


async def test_peers_that_do_not_know_each_other_yet_are_waited_for():
    async with channel() as (_, organisations):
        for organisation in organisations.values():
            organisation.peers[0].undiscovered = 2
        assert (await roll_out(organisations)).committed


async def test_an_insisted_sequence_that_is_taken():
    async with channel() as (_, organisations):
        await roll_out(organisations)
        with pytest.raises(ConflictError, match="Sequence 1 of trial is taken: 1 is in force with another version"):
            await roll_out(organisations, version="2", sequence=1)
        with pytest.raises(StateError, match="Sequence 3 of trial cannot be next"):
            await roll_out(organisations, version="2", sequence=3)
        assert (await roll_out(organisations, sequence=2)).definition.sequence == 2


async def test_a_peer_that_calls_the_package_something_else_is_not_trusted():
    async with channel() as (_, organisations):
        organisations["AlderMSP"].peers[0].wrong_id = True
        with pytest.raises(DeploymentError, match="calls the package 'other:1'") as caught:
            await roll_out(organisations)
        assert caught.value.code == IntegrityError.code


async def test_collections_are_part_of_the_definition():
    async with channel() as (ledger, organisations):
        secret = Collection(name="secret", members="OR('AlderMSP.member', 'BirchMSP.member')", blocks_to_live=5)
        await roll_out(organisations, collections=[secret])
        (found,) = ledger.committed["trial"].collections.config
        assert (found.static_collection_config.name, found.static_collection_config.block_to_live) == ("secret", 5)
        assert not (await roll_out(organisations, collections=[secret])).committed
        assert (await roll_out(organisations)).definition.sequence == 2


async def test_members_are_given_once_each():
    async with channel() as (_, organisations):
        twice = members(organisations, "AlderMSP") * 2
        with pytest.raises(UsageError):
            await deploy(twice, channel="quorate", chaincode="trial", version="1")
        with pytest.raises(UsageError):
            await deploy([], channel="quorate", chaincode="trial", version="1")


async def test_a_channel_that_a_peer_has_not_joined():
    async with channel() as (_, organisations):
        with pytest.raises(QuorateError, match="channel 'other' not found"):
            await roll_out(organisations, channel="other")


def test_keys_in_packages_are_not_printed():
    made = package("AlderMSP")
    assert "key" not in repr(made)
    assert isinstance(made, ChaincodePackage)
