"""One of four SmartBFT orderers, each in turn, so that the leader is among them."""

from functools import partial

import pytest

from tests.e2e.faults.orderers import orderers
from tests.e2e.faults.parts import cut_off, kill, return_, start
from tests.e2e.faults.stand import STEPS, everybody_is_in

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),
]


@pytest.mark.parametrize(("step", "which"), [(step, index % 4) for index, step in enumerate(STEPS)])
async def test_one_is_killed(four_smartbft_orderers, step, which):
    name = orderers(four_smartbft_orderers)[which]
    view = await four_smartbft_orderers.strike(
        f"kill -9 of SmartBFT {name}",
        step,
        partial(kill, four_smartbft_orderers, name),
        partial(start, four_smartbft_orderers, name),
        away=3.0,
    )
    everybody_is_in(view)


@pytest.mark.parametrize("which", range(4))
async def test_one_is_cut_off_and_returns(four_smartbft_orderers, which):
    name = orderers(four_smartbft_orderers)[which]
    view = await four_smartbft_orderers.strike(
        f"SmartBFT {name} cut off",
        "reserve",
        partial(cut_off, four_smartbft_orderers, name),
        partial(return_, four_smartbft_orderers, name),
        away=15.0,
    )
    everybody_is_in(view)


async def test_the_evidence_of_all_that_happened_verifies(four_smartbft_orderers, tmp_path):
    await four_smartbft_orderers.evidence_verifies(tmp_path / "evidence.qeb")
