"""A member stops the study while another agent trains: the round stands still, then goes on and has lost nothing."""

import time

import pytest

from network.identity import Role
from participants.agent.journal import Stage
from participants.demo.configuration import DATASET
from tests.e2e.play import STUDY, charge_of

pytestmark = [pytest.mark.e2e, pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(1800)]


async def test_a_study_stopped_in_the_middle_of_a_round_goes_on_with_the_same_charges(play):
    async with play(rounds=2, commit_timeout_ms=12_000) as it:
        it.stop_training("Birch")
        await it.begin()
        await it.round(1, lambda view: len(view.commits) == 3 and charge_of(view, "BirchMSP") is not None)
        async with it.as_role("Chestnut", Role.STEWARD) as steward:
            await steward.ledger.settling().study.suspend(STUDY, round_=1, reason="data")
        it.go_on_training("Birch")
        await it.journalled("Birch", Stage.STORED)
        view = await it.round(1, lambda view: time.time() * 1000 > view.round.commit_by)
        assert (view.round.state, len(view.commits)) == ("OPEN", 3)

        async with it.as_role("Chestnut", Role.OPERATOR) as operator:
            await operator.ledger.settling().study.resume(STUDY, number=1)

        view = await it.final(1)
        assert [update.msp for update in view.round.included] == ["AlderMSP", "BirchMSP", "ChestnutMSP", "ElmMSP"]
        assert (await it.final(2)).round.base == view.round.model
        charges = [
            (await it.ledger.privacy.account(it.msp(member), DATASET)).charges for member in it.consortium.places
        ]
        assert charges == [2, 2, 2, 2]
