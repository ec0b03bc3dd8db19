"""Everything that is there only once for somebody: a peer, its chaincode, its gateway, and the only orderer."""

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

NODES = {"a peer": "peer0.alder", "the only orderer": "orderer0.orderer", "a chaincode process": "chaincode.alder"}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_killed(one_orderer, what, step):
    node = NODES[what]
    view = await one_orderer.strike(
        f"kill -9 of {what}", step, partial(kill, one_orderer, node), partial(start, one_orderer, node)
    )
    everybody_is_in(view)


@pytest.mark.parametrize("step", STEPS)
async def test_a_gateway_is_killed(one_orderer, step):
    view = await one_orderer.strike(
        "kill -9 of a gateway", step, partial(kill_gateway, one_orderer), partial(start_gateway, one_orderer)
    )
    everybody_is_in(view)


@pytest.mark.parametrize("step", STEPS)
async def test_a_gateway_and_its_peer_are_killed_at_once(one_orderer, step):
    async def hit():
        await kill(one_orderer, "peer0.alder")
        await kill_gateway(one_orderer)

    async def mend():
        await start_gateway(one_orderer)  # before its peer: no order has to be kept
        await start(one_orderer, "peer0.alder")

    everybody_is_in(await one_orderer.strike("kill -9 of a gateway and its peer", step, hit, mend))


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_cut_off_and_returns(one_orderer, what, step):
    node = NODES[what]
    view = await one_orderer.strike(
        f"{what} cut off",
        step,
        partial(cut_off, one_orderer, node),
        partial(return_, one_orderer, node),
        away=6.0,
    )
    everybody_is_in(view)


@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_away_for_long(one_orderer, what):
    node = NODES[what]
    view = await one_orderer.strike(
        f"{what} away for long",
        "reserve",
        partial(kill, one_orderer, node),
        partial(start, one_orderer, node),
        away=25.0,
    )
    everybody_is_in(view)
