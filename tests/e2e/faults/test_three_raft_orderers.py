"""One of three Raft orderers: whoever leads, and one that follows."""

import pytest

from tests.e2e.faults.orderers import orderers, raft_leader
from tests.e2e.faults.parts import survives_cut, survives_kill
from tests.e2e.faults.stand import STEPS

pytestmark = [
    pytest.mark.torch,
    pytest.mark.e2e,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.timeout(1800),
]


@pytest.mark.parametrize("step", STEPS)
async def test_the_leader_is_killed(three_raft_orderers, step):
    name = raft_leader(three_raft_orderers)
    await survives_kill(three_raft_orderers, step, "the Raft leader", name, away=3.0)


@pytest.mark.parametrize("step", STEPS)
async def test_a_follower_is_killed(three_raft_orderers, step):
    leader = raft_leader(three_raft_orderers)
    name = next(one for one in orderers(three_raft_orderers) if one != leader)
    await survives_kill(three_raft_orderers, step, "a Raft follower", name, away=3.0)


@pytest.mark.parametrize("step", ["reserve", "seal"])
async def test_the_leader_is_cut_off_and_returns(three_raft_orderers, step):
    name = raft_leader(three_raft_orderers)
    await survives_cut(three_raft_orderers, step, "the Raft leader", name, away=15.0)


async def test_a_round_needs_no_third_orderer(three_raft_orderers):
    name = raft_leader(three_raft_orderers)
    await survives_kill(three_raft_orderers, "open", "the Raft leader for a whole round", name, away=40.0)
    assert three_raft_orderers.recoveries[-1].ended < 40


@pytest.mark.parametrize("number", [2, 3])
@pytest.mark.parametrize("step", ["reserve", "seal"])
async def test_most_or_all_are_killed(three_raft_orderers, step, number):
    """Nothing can be ordered until they are back, and nothing is lost by that."""
    names = orderers(three_raft_orderers)[:number]
    await survives_kill(three_raft_orderers, step, f"{number} of three Raft orderers", *names, away=5.0)


async def test_the_evidence_of_all_that_happened_verifies(three_raft_orderers, tmp_path):
    await three_raft_orderers.evidence_verifies(tmp_path / "evidence.qeb")
