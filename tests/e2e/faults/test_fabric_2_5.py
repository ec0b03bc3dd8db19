"""The processes of a ledger of Fabric 2.5."""

import pytest

from tests.e2e.faults.parts import survives_cut, survives_kill
from tests.e2e.faults.stand import STEPS

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(1800),
]

NODES = {"a peer": "peer0.alder", "the only orderer": "orderer0.orderer", "a chaincode process": "chaincode.alder"}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_killed(one_orderer_2_5, what, step):
    await survives_kill(one_orderer_2_5, step, f"{what} (2.5)", NODES[what])


@pytest.mark.parametrize("what", NODES)
async def test_a_process_of_the_ledger_is_cut_off_and_returns(one_orderer_2_5, what):
    await survives_cut(one_orderer_2_5, "reserve", f"{what} (2.5)", NODES[what])


async def test_the_evidence_of_all_that_happened_verifies(one_orderer_2_5, tmp_path):
    await one_orderer_2_5.evidence_verifies(tmp_path / "evidence.qeb")
