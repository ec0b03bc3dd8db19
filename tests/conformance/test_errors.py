"""What a failed call says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import CallOptions, CommitError, EndorseError, GatewayError, Identity, TxValidationCode
from tests.conformance.world import MSPS

if TYPE_CHECKING:
    from gateway.fabric import Contract, Network
    from tests.conformance.world import World


async def test_a_query_with_the_wrong_number_of_arguments(contract: Contract) -> None:
    with pytest.raises(GatewayError, match="chaincode response 500, get takes 1 arguments, got 0") as caught:
        await contract.evaluate("get")
    assert caught.value.status is grpc.StatusCode.UNKNOWN
    assert [detail.msp_id for detail in caught.value.details] == ["AlderMSP"]


async def test_a_transaction_of_a_chaincode_that_does_not_exist(network: Network) -> None:
    with pytest.raises(EndorseError, match="nonexistent") as caught:
        await network.contract("nonexistent").submit("get", "key")
    assert caught.value.status is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_query_of_a_chaincode_that_does_not_exist(network: Network) -> None:
    with pytest.raises(GatewayError, match="nonexistent"):
        await network.contract("nonexistent").evaluate("get", "key")


async def test_a_channel_that_does_not_exist(world: World) -> None:
    async with world.connect("alder") as gateway:
        # A query would be asked again for as long as it may take.
        proposal = gateway.network("nonexistent").contract(world.chaincode).new_proposal("get", "key")
        with pytest.raises(EndorseError) as caught:
            await proposal.endorse()
    assert caught.value.status in {
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.FAILED_PRECONDITION,
    }


async def test_a_transaction_of_a_function_that_does_not_exist(contract: Contract) -> None:
    with pytest.raises(EndorseError, match="see attached details") as caught:
        await contract.submit("nonexistent")
    assert caught.value.status is grpc.StatusCode.ABORTED
    assert {detail.message for detail in caught.value.details} == {'chaincode response 500, no function "nonexistent"'}


async def test_somebody_of_another_organisation_than_the_key(world: World) -> None:
    _, birch = world.agent("birch")
    async with world.connect("alder", signer=birch) as gateway:
        with pytest.raises(GatewayError, match="access denied") as caught:
            await gateway.network(world.channel).contract(world.chaincode).evaluate("get", "key")
    assert caught.value.code == "DENIED"


async def test_a_certificate_that_claims_another_organisation(world: World) -> None:
    identity, signer = world.agent("birch")
    claimed = Identity("AlderMSP", identity.certificate)
    async with world.connect("alder", identity=claimed, signer=signer) as gateway:
        with pytest.raises(GatewayError) as caught:
            await gateway.network(world.channel).contract(world.chaincode).submit("put", "key", "value")
    assert caught.value.code == "DENIED"


async def test_one_organisation_refuses_and_it_was_asked_for(contract: Contract, key: str) -> None:
    with pytest.raises(EndorseError) as caught:
        await contract.submit("failAt", "cedar", key, endorsing_organizations=["AlderMSP", "CedarMSP"])
    assert caught.value.status is grpc.StatusCode.ABORTED
    assert {detail.msp_id for detail in caught.value.details} == {"CedarMSP"}
    assert all("not here" in detail.message for detail in caught.value.details)


async def test_one_organisation_refuses_and_others_are_enough(contract: Contract, key: str) -> None:
    await contract.submit("failAt", "cedar", key)
    assert await contract.evaluate("get", key) == b"value"


async def test_what_every_peer_computes_differently_is_not_endorsed(contract: Contract, key: str) -> None:
    with pytest.raises(EndorseError) as caught:
        await contract.submit("random", key)
    assert caught.value.status is grpc.StatusCode.ABORTED
    assert any("ProposalResponsePayloads do not match" in detail.message for detail in caught.value.details)


async def test_too_few_endorsements_make_the_transaction_invalid(contract: Contract, key: str) -> None:
    with pytest.raises(CommitError) as caught:
        await contract.submit("put", key, "value", endorsing_organizations=["AlderMSP"])
    assert caught.value.validation_code is TxValidationCode.ENDORSEMENT_POLICY_FAILURE
    assert await contract.evaluate("get", key) == b"<nothing>"


async def test_a_query_that_takes_longer_than_it_may(contract: Contract) -> None:
    proposal = contract.new_proposal("sleep", "3000")
    with pytest.raises(GatewayError) as caught:
        await proposal.evaluate(options=CallOptions(timeout=0.3))
    assert (caught.value.status, caught.value.code) == (grpc.StatusCode.DEADLINE_EXCEEDED, "TIMED_OUT")


async def test_a_caller_who_no_longer_waits(contract: Contract) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await contract.evaluate("sleep", "3000")
    assert await contract.evaluate("length", "still there") == b"11"


async def test_a_wait_for_a_transaction_that_was_never_sent(contract: Contract, key: str) -> None:
    transaction = await contract.new_proposal("put", key, "value").endorse()
    with pytest.raises(GatewayError) as caught:
        await transaction.commit().status(timeout=0.5)
    assert caught.value.status is grpc.StatusCode.DEADLINE_EXCEEDED
    assert caught.value.transaction_id == transaction.transaction_id


async def test_every_error_says_what_why_and_what_next(contract: Contract) -> None:
    with pytest.raises(GatewayError) as caught:
        await contract.submit("fail", "words", endorsing_organizations=MSPS)
    assert [line.split(":")[0].strip() for line in caught.value.diagnostics().splitlines()] == [
        caught.value.code,
        "why",
        "next",
    ]
