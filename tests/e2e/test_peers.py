"""Peers as they are: some are behind, and no two clocks agree."""

import pytest

from network.engine import Engine
from participants.demo.configuration import DATASET
from participants.demo.founding import SKEW_MS
from tests.e2e.play import STUDY, commit_of

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(1800)]


@pytest.fixture(autouse=True)
def embedded(engine):
    if engine is not Engine.EMBEDDED:
        pytest.skip("clocks and lags of peers are set on the embedded network only")


PEERS = {
    "Alder": {"clock_offset_ms": SKEW_MS // 2},
    "Birch": {"clock_offset_ms": -SKEW_MS // 2, "lag_blocks": 1},
    "Chestnut": {"lag_blocks": 1},
}


async def test_a_round_under_lag_and_clocks_within_the_skew(play):
    async with play(rounds=1) as it:
        await it.change_peers(PEERS)
        await it.kill_agent("Chestnut")
        await it.begin()
        before = await it.round(1, lambda view: len(view.commits) == 3)
        await it.consortium.start_agent("Chestnut")

        view = await it.final(1)
        assert (len(view.round.included), view.round.attempt) == (4, 1)
        assert all(commit in view.commits for commit in before.commits)
        for member in it.consortium.places:
            assert (await it.ledger.privacy.account(it.msp(member), DATASET)).charges == 1


async def test_a_member_whose_clock_is_beyond_the_skew_is_missing_and_stops_nobody(play):
    async with play(rounds=1, private=False, commit_timeout_ms=8_000) as it:
        it.stop_training("Birch")
        await it.begin()
        before = await it.round(1, lambda view: len(view.commits) == 3)
        assert commit_of(before, "BirchMSP") is None

        await it.change_peers({"Birch": {"clock_offset_ms": -10 * SKEW_MS}})
        it.go_on_training("Birch")

        view = await it.final(1)
        assert [(left.msp, left.reason) for left in view.round.left_out] == [("BirchMSP", "missing")]
        assert "BirchMSP" not in view.round.attested_by
        assert (await it.ledger.study.get(STUDY)).study.state in {"RUNNING", "COMPLETED"}
        await it.said(it.consortium.places["Birch"].log("agent"), "timestamp")
