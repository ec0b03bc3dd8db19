"""A key that is not where the connection is."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.fabric import EndorseError, GatewayError
from quorate.errors import UsageError
from tests.conformance.blocks import block_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.fabric import Gateway, PrivateKeySigner
    from tests.conformance.world import World

KINDS = ("chaincode_events", "block_events", "filtered_block_events", "block_and_private_data_events")


@pytest.fixture
async def apart(world: World) -> AsyncIterator[tuple[Gateway, PrivateKeySigner]]:
    async with world.offline("alder") as found:
        yield found


@pytest.fixture
def offline(apart: tuple[Gateway, PrivateKeySigner]) -> Gateway:
    return apart[0]


@pytest.fixture
def signer(apart: tuple[Gateway, PrivateKeySigner]) -> PrivateKeySigner:
    return apart[1]


async def test_a_query_fails_unsigned(offline: Gateway, world: World) -> None:
    proposal = offline.network(world.channel).contract(world.chaincode).new_proposal("length", "conga")
    with pytest.raises(UsageError, match="no signer"):
        await proposal.evaluate()


async def test_a_query_succeeds_signed_elsewhere(offline: Gateway, signer: PrivateKeySigner, world: World) -> None:
    unsigned = offline.network(world.channel).contract(world.chaincode).new_proposal("length", "conga")
    assert await offline.new_signed_proposal(unsigned.bytes, signer.sign(unsigned.digest)).evaluate() == b"5"


async def test_a_transaction_fails_unsigned(offline: Gateway, world: World, key: str) -> None:
    with pytest.raises(UsageError, match="no signer"):
        await offline.network(world.channel).contract(world.chaincode).submit("put", key, "value")


async def test_a_transaction_succeeds_signed_elsewhere_step_by_step(
    offline: Gateway, signer: PrivateKeySigner, world: World, key: str
) -> None:
    unsigned = offline.network(world.channel).contract(world.chaincode).new_proposal("increment", key)
    endorsed = await offline.new_signed_proposal(unsigned.bytes, signer.sign(unsigned.digest)).endorse()
    submitted = await offline.new_signed_transaction(endorsed.bytes, signer.sign(endorsed.digest)).submit()
    status = await offline.new_signed_commit(submitted.bytes, signer.sign(submitted.digest)).status()
    assert (status.successful, endorsed.result, status.transaction_id) == (True, b"1", unsigned.transaction_id)


async def test_each_step_may_be_at_another_connection(
    world: World, signer: PrivateKeySigner, offline: Gateway, key: str
) -> None:
    unsigned = offline.network(world.channel).contract(world.chaincode).new_proposal("increment", key)
    proposed = unsigned.bytes, signer.sign(unsigned.digest)
    async with world.offline("alder") as (second, _):
        endorsed = await second.new_signed_proposal(*proposed).endorse()
        prepared = endorsed.bytes, signer.sign(endorsed.digest)
    async with world.offline("alder") as (third, _):
        submitted = await third.new_signed_transaction(*prepared).submit()
        asked = submitted.bytes, signer.sign(submitted.digest)
    async with world.offline("alder") as (fourth, _):
        assert (await fourth.new_signed_commit(*asked).status()).successful


async def test_somebody_elses_signature_is_denied(offline: Gateway, world: World, key: str) -> None:
    _, birch = world.agent("birch")
    unsigned = offline.network(world.channel).contract(world.chaincode).new_proposal("put", key, "value")
    with pytest.raises(EndorseError, match="access denied") as caught:
        await offline.new_signed_proposal(unsigned.bytes, birch.sign(unsigned.digest)).endorse()
    assert caught.value.code == "DENIED"


@pytest.mark.parametrize("kind", KINDS)
async def test_events_fail_unsigned(offline: Gateway, world: World, kind: str) -> None:
    async with getattr(offline.network(world.channel), kind)(*names(world, kind)) as events:
        with pytest.raises(UsageError, match="no signer"):
            await anext(events)


@pytest.mark.parametrize("kind", KINDS)
async def test_events_come_for_a_request_signed_elsewhere(
    offline: Gateway, signer: PrivateKeySigner, world: World, kind: str, key: str
) -> None:
    async with world.connect("alder") as online:
        contract = online.network(world.channel).contract(world.chaincode)
        _, commit = await contract.submit_async("event", key, "named", "payload")
        start = (await commit.status()).block_number
    make = getattr(offline.network(world.channel), f"new_{kind}_request")
    unsigned = make(*names(world, kind), start_block=start)
    request = getattr(offline, f"new_signed_{kind}_request")(unsigned.bytes, signer.sign(unsigned.digest))
    async with asyncio.timeout(60), request.events() as events:
        assert block_of(await anext(events)) == start


@pytest.mark.parametrize("kind", KINDS)
async def test_events_with_somebody_elses_signature_are_denied(offline: Gateway, world: World, kind: str) -> None:
    _, birch = world.agent("birch")
    unsigned = getattr(offline.network(world.channel), f"new_{kind}_request")(*names(world, kind), start_block=0)
    request = getattr(offline, f"new_signed_{kind}_request")(unsigned.bytes, birch.sign(unsigned.digest))
    async with asyncio.timeout(60), request.events() as events:
        with pytest.raises(GatewayError) as caught:
            await anext(events)
    assert caught.value.code == "DENIED"


def names(world: World, kind: str) -> tuple[str, ...]:
    return (world.chaincode,) if kind == "chaincode_events" else ()
