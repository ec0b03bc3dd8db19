"""The processes of a ledger of Fabric 2.5."""

from functools import partial

import pytest

from tests.e2e.faults.parts import cut_off, kill, return_, start
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
async def test_a_process_of_the_ledger_is_killed(one_orderer_2_5, what, step):
    node = NODES[what]
    view = await one_orderer_2_5.strike(
        f"kill -9 of {what} (2.5)", step, partial(kill, one_orderer_2_5, node), partial(start, one_orderer_2_5, node)
    )
    everybody_is_in(view)


@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_cut_off_and_returns(one_orderer_2_5, what):
    node = NODES[what]
    view = await one_orderer_2_5.strike(
        f"{what} cut off (2.5)",
        "reserve",
        partial(cut_off, one_orderer_2_5, node),
        partial(return_, one_orderer_2_5, node),
        away=6.0,
    )
    everybody_is_in(view)


async def test_the_evidence_of_all_that_happened_verifies(one_orderer_2_5, tmp_path):
    await one_orderer_2_5.evidence_verifies(tmp_path / "evidence.qeb")
