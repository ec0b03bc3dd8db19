"""A gateway before two real peers of its organisation, one of which is killed."""

from __future__ import annotations

import asyncio
import itertools
import signal
from typing import TYPE_CHECKING

import grpc
import pytest

from gateway.fabric import GatewayError
from gateway.ledger import Ledger
from network.consortium import found_at_once, open_contract
from network.engine import Engine, driver
from network.home import NetworkHome
from network.identity import Role
from network.topology import Organisation, Topology
from tests.integration.datasets import unprotected
from tests.integration.gateway_process import GatewayProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from network.engine import RunningNetwork

pytestmark = pytest.mark.e2e

# Between two peers, and at one that has just come back and does not know the other organisation's yet.
PASSING = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.FAILED_PRECONDITION})
_numbers = itertools.count()


@pytest.fixture(scope="module")
def network(
    tmp_path_factory: pytest.TempPathFactory,
    chaincode_program: Path,  # noqa: ARG001 - peers need it
) -> Iterator[RunningNetwork]:
    native = driver(Engine.NATIVE)
    if (missing := native.missing()) is not None:
        pytest.skip(f"an organisation with two peers needs real Fabric: {missing}")
    members = (Organisation(name="alder", msp_id="AlderMSP", peers=2), Organisation(name="birch", msp_id="BirchMSP"))
    topology = Topology(organisations=members)
    running = native.start(NetworkHome(tmp_path_factory.mktemp("two-peers")), topology, dies_with_parent=True)
    try:
        found_at_once(running.connection, timeout_s=60)
        yield running
    finally:
        running.stop()


@pytest.fixture
async def gateway(network: RunningNetwork, tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    member = network.connection.organisation("alder")
    others = tuple(peer.address for peer in member.peers[1:])
    made = GatewayProcess(network.connection, member, tmp_path, others=others)
    await made.start()
    yield made
    await made.stop(signal.SIGKILL)


async def register(ledger: Ledger) -> str:
    """Write something, and return its name; what is not reached is asked again, as agents do."""
    name = f"failover-{next(_numbers)}"
    async with asyncio.timeout(90):
        while True:
            try:
                return (await ledger.dataset.register(unprotected(name))).dataset
            except GatewayError as error:
                if error.status not in PASSING:
                    raise
            await asyncio.sleep(0.1)


async def test_a_gateway_goes_on_at_the_other_peer_and_comes_back(
    network: RunningNetwork, gateway: GatewayProcess
) -> None:
    first, second = network.nodes["peer0.alder"], network.nodes["peer1.alder"]
    async with gateway.ledger(Role.STEWARD) as ledger, gateway.client() as client:
        written = [await register(ledger)]
        watching = client.studies.stream()
        await anext(watching)
        first.kill()
        written.append(await register(ledger))
        status, findings = await gateway.doctor()
        first.start()
        async with open_contract(network.connection, gateway.member, Role.STEWARD) as direct:
            written.append(await register(Ledger(direct)))  # it knows the other organisation's peer again
        second.kill()
        written.append(await register(ledger))
        second.start()
        found = {each.dataset for each in (await ledger.dataset.list()).datasets}
        await watching.aclose()
    assert found >= set(written)
    outcomes = {each["check"]: each["outcome"] for each in findings}
    assert (status, outcomes["peer"], outcomes[f"peer {first.address}"]) == (1, "ok", "failed")
