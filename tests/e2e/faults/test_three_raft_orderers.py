"""One of three Raft orderers: whoever leads, and one that follows."""

from functools import partial

import pytest

from tests.e2e.faults.orderers import orderers, raft_leader
from tests.e2e.faults.parts import cut_off, kill, return_, start
from tests.e2e.faults.stand import STEPS, everybody_is_in

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(600),
]


@pytest.mark.parametrize("step", STEPS)
async def test_the_leader_is_killed(three_raft_orderers, step):
    name = raft_leader(three_raft_orderers)
    view = await three_raft_orderers.strike(
        "kill -9 of the Raft leader",
        step,
        partial(kill, three_raft_orderers, name),
        partial(start, three_raft_orderers, name),
        away=3.0,
    )
    everybody_is_in(view)


@pytest.mark.parametrize("step", STEPS)
async def test_a_follower_is_killed(three_raft_orderers, step):
    leader = raft_leader(three_raft_orderers)
    name = next(one for one in orderers(three_raft_orderers) if one != leader)
    view = await three_raft_orderers.strike(
        "kill -9 of a Raft follower",
        step,
        partial(kill, three_raft_orderers, name),
        partial(start, three_raft_orderers, name),
        away=3.0,
    )
    everybody_is_in(view)


@pytest.mark.parametrize("step", ["reserve", "seal"])
async def test_the_leader_is_cut_off_and_returns(three_raft_orderers, step):
    name = raft_leader(three_raft_orderers)
    view = await three_raft_orderers.strike(
        "the Raft leader cut off",
        step,
        partial(cut_off, three_raft_orderers, name),
        partial(return_, three_raft_orderers, name),
        away=15.0,
    )
    everybody_is_in(view)


async def test_a_round_needs_no_third_orderer(three_raft_orderers):
    name = raft_leader(three_raft_orderers)
    view = await three_raft_orderers.strike(
        "the Raft leader away for a whole round",
        "open",
        partial(kill, three_raft_orderers, name),
        partial(start, three_raft_orderers, name),
        away=40.0,
    )
    everybody_is_in(view)
    assert three_raft_orderers.recoveries[-1].ended < 40


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("step", ["reserve", "seal"])
async def test_most_or_all_are_killed(three_raft_orderers, step, number):
    """Nothing can be ordered until they are back, and nothing is lost by that."""
    names = orderers(three_raft_orderers)[:number]
    view = await three_raft_orderers.strike(
        f"kill -9 of {number} of three Raft orderers",
        step,
        partial(kill, three_raft_orderers, *names),
        partial(start, three_raft_orderers, *names),
        away=5.0,
    )
    everybody_is_in(view)


async def test_the_evidence_of_all_that_happened_verifies(three_raft_orderers, tmp_path):
    await three_raft_orderers.evidence_verifies(tmp_path / "evidence.qeb")
