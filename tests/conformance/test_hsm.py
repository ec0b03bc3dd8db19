"""Naming the organisations that endorse, with a key in a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from gateway.fabric import HSMSignerFactory, HSMSignerOptions
from gateway.fabric.hsm import ski
from network.identity import Role
from tests.conformance.endorsing import Endorsing
from tests.unit.gateway.fabric.softhsm import LABEL, PIN, Token, software_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gateway.fabric import Contract, HSMSigner, Network
    from tests.conformance.world import World


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory, world: World) -> Iterator[Token]:
    """Return a token that holds the agent's key under its SKI."""
    with software_token(tmp_path_factory.mktemp("softhsm")) as made:
        identity, _ = world.agent("alder")
        pem = world.organisation("alder").paths.identity(Role.AGENT).key.read_bytes()
        made.store(load_pem_private_key(pem, None), ski(identity))
        yield made


@pytest.fixture
def signer(token: Token, world: World) -> Iterator[HSMSigner]:
    identity, _ = world.agent("alder")
    with (
        HSMSignerFactory(token.library) as factory,
        factory.new_signer(HSMSignerOptions(label=LABEL, pin=PIN), identity=identity) as made,
    ):
        yield made


@pytest.fixture
async def network(world: World, signer: HSMSigner) -> AsyncIterator[Network]:
    async with world.connect("alder", signer=signer) as gateway:
        yield gateway.network(world.channel)


@pytest.fixture
def contract(network: Network, world: World) -> Contract:
    return network.contract(world.chaincode)


class TestEndorsementWithAKeyInAToken(Endorsing):
    """Every signature of these scenarios is made in the token."""


async def test_events_and_blocks_are_asked_for_with_a_key_in_a_token(
    network: Network, contract: Contract, world: World, key: str
) -> None:
    _, commit = await contract.submit_async("event", key, "named", "payload")
    status = await commit.status()
    async with network.chaincode_events(world.chaincode, start_block=status.block_number) as events:
        assert (await anext(events)).event_name == "named"
    [block] = [block async for block in network.blocks(status.block_number, status.block_number)]
    assert block.header.number == status.block_number
