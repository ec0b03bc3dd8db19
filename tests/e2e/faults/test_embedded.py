"""The same faults on the embedded network, where they exist: there one process is every peer and the orderer."""

import pytest

from tests.e2e.faults.parts import (
    kill,
    kill_gateway,
    start,
    start_gateway,
    survives_cut,
    survives_kill,
    survives_killed_gateway,
)
from tests.e2e.faults.stand import STEPS, everybody_is_in

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(1800),
]

NETWORK = "embedded"


@pytest.mark.parametrize("step", STEPS)
async def test_the_network_is_killed(embedded, step):
    await survives_kill(embedded, step, "the embedded network", NETWORK)


@pytest.mark.parametrize("step", STEPS)
async def test_a_gateway_is_killed(embedded, step):
    await survives_killed_gateway(embedded, step, "a gateway (embedded)")


@pytest.mark.parametrize("step", STEPS)
async def test_a_gateway_and_the_network_are_killed_at_once(embedded, step):
    async def hit():
        await kill(embedded, NETWORK)
        await kill_gateway(embedded)

    async def mend():
        await start(embedded, NETWORK)
        await start_gateway(embedded)

    everybody_is_in(await embedded.strike("kill -9 of a gateway and the network", step, hit, mend))


@pytest.mark.parametrize("step", STEPS)
async def test_the_network_stands_still(embedded, step):
    await survives_cut(embedded, step, "the embedded network", NETWORK)


async def test_the_evidence_of_all_that_happened_verifies(embedded, tmp_path):
    await embedded.evidence_verifies(tmp_path / "evidence.qeb")
