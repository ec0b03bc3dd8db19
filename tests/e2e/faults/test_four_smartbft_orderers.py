"""One of four SmartBFT orderers, each in turn, so that the leader is among them."""

import pytest

from tests.e2e.faults.orderers import orderers
from tests.e2e.faults.parts import survives_cut, survives_kill
from tests.e2e.faults.stand import STEPS

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(1800),
]


@pytest.mark.parametrize(("step", "which"), [(step, index % 4) for index, step in enumerate(STEPS)])
async def test_one_is_killed(four_smartbft_orderers, step, which):
    name = orderers(four_smartbft_orderers)[which]
    await survives_kill(four_smartbft_orderers, step, f"SmartBFT {name}", name, away=3.0)


@pytest.mark.parametrize("which", range(4))
async def test_one_is_cut_off_and_returns(four_smartbft_orderers, which):
    name = orderers(four_smartbft_orderers)[which]
    await survives_cut(four_smartbft_orderers, "reserve", f"SmartBFT {name}", name, away=15.0)


async def test_the_evidence_of_all_that_happened_verifies(four_smartbft_orderers, tmp_path):
    await four_smartbft_orderers.evidence_verifies(tmp_path / "evidence.qeb")
