"""The same faults on the embedded network, where they exist: there one process is every peer and the orderer."""

from functools import partial

import pytest

from tests.e2e.faults.parts import cut_off, kill, kill_gateway, return_, start, start_gateway
from tests.e2e.faults.stand import STEPS, everybody_is_in

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),
]

NETWORK = "embedded"


@pytest.mark.parametrize("step", STEPS)
async def test_the_network_is_killed(embedded, step):
    view = await embedded.strike(
        "kill -9 of the embedded network", step, partial(kill, embedded, NETWORK), partial(start, embedded, NETWORK)
    )
    everybody_is_in(view)


@pytest.mark.parametrize("step", STEPS)
async def test_a_gateway_is_killed(embedded, step):
    view = await embedded.strike(
        "kill -9 of a gateway (embedded)", step, partial(kill_gateway, embedded), partial(start_gateway, embedded)
    )
    everybody_is_in(view)


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
    view = await embedded.strike(
        "the embedded network cut off",
        step,
        partial(cut_off, embedded, NETWORK),
        partial(return_, embedded, NETWORK),
        away=6.0,
    )
    everybody_is_in(view)


async def test_the_evidence_of_all_that_happened_verifies(embedded, tmp_path):
    await embedded.evidence_verifies(tmp_path / "evidence.qeb")
