"""One data set's part in one round: what is charged, trained, committed and declined, whatever happens in between."""

import shutil

import pytest

from participants.agent.journal import Stage
from participants.agent.local_policy import LocalPolicy
from participants.data.errors import DataError
from participants.plans.errors import PlanNotApprovedError
from quorate.digest import digest_of
from quorate.errors import BudgetError, IntegrityError, TimedOutError, UnreachableError, UsageError
from quorate.records.common import make
from quorate.records.study import WithdrawRecord
from tests.unit.participants.agent.farm import Farm
from tests.unit.quorate.policy.samples import ALDER, STAMP

DONE = ["privacy:Reserve", "round:Commit"]


@pytest.fixture
def farm(tmp_path):
    return Farm(tmp_path)


async def test_a_round_is_charged_trained_stored_and_committed_in_this_order(farm):
    await farm.take_part()
    assert farm.ledger.calls == DONE
    (stored,) = farm.gateway.stored
    assert farm.ledger.commits[0].update == stored
    assert farm.entry().stage is Stage.COMMITTED


async def test_a_committed_round_is_left_alone(farm):
    await farm.take_part()
    await farm.take_part()
    assert farm.ledger.calls == DONE
    assert len(farm.trainer.secrets) == 1


async def test_the_secret_is_gone_with_the_commit(farm):
    await farm.take_part()
    assert farm.entry().secret == b""
    files = [path.read_bytes() for path in (farm.directory / "journal").iterdir()]
    assert not any(farm.trainer.secrets[0].hex().encode() in data for data in files)


@pytest.mark.parametrize("lost", DONE)
async def test_an_answer_that_was_lost_leads_to_the_same_release_and_no_second_training(farm, lost):
    farm.ledger.fails_once = {lost}
    with pytest.raises(UnreachableError):
        await farm.take_part()
    await farm.take_part()
    assert len(farm.trainer.secrets) == 1
    assert len(farm.gateway.stored) == 1
    assert farm.entry().stage is Stage.COMMITTED


async def test_a_crash_while_training_trains_again_with_the_same_secret_under_one_charge(farm):
    farm.trainer.error = TimedOutError("the trainer was killed")
    with pytest.raises(TimedOutError):
        await farm.take_part()
    farm.trainer.error = None
    await farm.take_part()
    assert farm.ledger.calls == DONE
    assert len(set(farm.trainer.secrets)) == 1


async def test_a_gateway_that_is_away_costs_no_second_training(farm):
    farm.gateway.is_away = True
    with pytest.raises(UnreachableError):
        await farm.take_part()
    farm.gateway.is_away = False
    await farm.take_part()
    assert len(farm.trainer.secrets) == 1
    assert farm.ledger.calls == DONE


async def test_an_update_that_was_damaged_before_its_commit_is_made_again_byte_for_byte(farm):
    farm.gateway.is_away = True
    with pytest.raises(UnreachableError):
        await farm.take_part()
    wanted = farm.entry().update
    farm.journal.update_path(farm.entry()).write_bytes(b"damaged")
    farm.gateway.is_away = False
    await farm.take_part()
    assert farm.ledger.commits[0].update == wanted
    assert set(farm.gateway.stored) == {wanted}


async def test_nothing_is_charged_while_the_base_model_cannot_be_had(farm):
    farm.models.is_away = True
    with pytest.raises(UnreachableError):
        await farm.take_part()
    assert farm.ledger.calls == []


async def test_a_refused_charge_trains_nothing_and_is_not_asked_for_again(farm):
    farm.ledger.status = "REFUSED"
    with pytest.raises(BudgetError, match=r"from ε 0\.0000 to 2\.5000 at δ 1e-5, over its cap of 2\.0000"):
        await farm.take_part()
    await farm.take_part()
    assert farm.ledger.calls == ["privacy:Reserve"]
    assert farm.trainer.secrets == []
    assert farm.entry().secret == b""


async def test_a_lost_journal_after_the_charge_gives_the_round_up(farm):
    farm.trainer.error = TimedOutError("the trainer was killed")
    with pytest.raises(TimedOutError):
        await farm.take_part()
    shutil.rmtree(farm.directory / "journal")
    farm.trainer.error = None
    await farm.take_part()
    assert len(farm.trainer.secrets) == 1
    assert farm.ledger.declines[0].reason == "failed"
    assert farm.ledger.commits == []


async def test_the_journal_of_another_ledger_is_not_used(farm):
    farm.trainer.error = TimedOutError("the trainer was killed")
    with pytest.raises(TimedOutError):
        await farm.take_part()
    entry = farm.entry()
    path = next((farm.directory / "journal").glob("*.json"))
    path.write_bytes(path.read_bytes().replace(entry.base.encode(), digest_of(b"another model").encode()))
    with pytest.raises(IntegrityError, match="belongs to another ledger"):
        await farm.take_part()
    assert farm.ledger.calls == ["privacy:Reserve"]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DataError("a column is missing"), "data"),
        (PlanNotApprovedError("not approved"), "policy"),
        (UsageError("the weights are not finite"), "failed"),
    ],
)
async def test_a_round_that_cannot_be_trained_is_declined_with_its_reason_and_never_tried_again(farm, error, reason):
    farm.trainer.error = error
    await farm.take_part()
    assert farm.ledger.declines[0].reason == reason
    farm.trainer.error = None
    await farm.take_part()
    assert len(farm.trainer.secrets) == 1
    assert farm.ledger.commits == []


@pytest.mark.parametrize(
    "policy",
    [
        LocalPolicy(studies=("another",)),
        LocalPolicy(purposes=("care",)),
        LocalPolicy(minimum_noise_multiplier="4.5"),
    ],
)
async def test_what_the_local_policy_refuses_is_declined_and_costs_nothing(farm, policy):
    farm.policy = policy
    await farm.take_part()
    assert farm.ledger.calls == ["round:Decline"]
    assert farm.ledger.declines[0].reason == "policy"


async def test_a_plan_that_was_not_approved_is_declined_and_costs_nothing(farm):
    farm.approved = False
    await farm.take_part()
    assert farm.ledger.calls == ["round:Decline"]
    assert farm.ledger.declines[0].reason == "policy"


@pytest.mark.parametrize(
    ("terms", "privacy"),
    [({}, {"steps_per_round": 1_000_001}), ({"unit": "group"}, {})],
)
async def test_what_cannot_be_trained_here_is_declined_before_anything_is_charged(farm, terms, privacy):
    changed = farm.study.terms.privacy.model_copy(update=privacy)
    changes = {"privacy": changed, **terms}
    farm.study = farm.study.model_copy(update={"terms": farm.study.terms.model_copy(update=changes)})
    await farm.take_part()
    assert farm.ledger.calls == ["round:Decline"]
    assert farm.ledger.declines[0].reason == "policy"


async def test_an_update_that_the_gateway_lost_is_stored_again_until_the_round_ends(farm):
    await farm.take_part()
    (update,) = farm.gateway.stored
    farm.gateway.stored.clear()
    farm.round_state = "SEALED"
    await farm.take_part()
    assert set(farm.gateway.stored) == {update}
    farm.gateway.stored.clear()
    farm.round_state = "FINAL"
    await farm.take_part()
    assert farm.gateway.stored == {}
    assert not farm.journal.update_path(farm.entry()).exists()


async def test_a_round_that_ends_first_is_given_up_with_its_secret(farm):
    farm.trainer.error = TimedOutError("the trainer was killed")
    with pytest.raises(TimedOutError):
        await farm.take_part()
    farm.round_state = "ABORTED"
    await farm.take_part()
    assert (farm.entry().stage, farm.entry().secret) == (Stage.GIVEN_UP, b"")
    assert farm.ledger.calls == ["privacy:Reserve"]


@pytest.mark.parametrize("state", ["SEALED", "DISPUTED", "FINAL", "ABORTED"])
async def test_only_an_open_round_is_joined(farm, state):
    farm.round_state = state
    await farm.take_part()
    assert farm.ledger.calls == []


async def test_nothing_is_done_for_a_study_that_has_ended_or_that_was_left(farm):
    farm.withdrawals = [make(WithdrawRecord, study="one", version=1, msp=ALDER, withdrawn=STAMP)]
    await farm.take_part()
    farm.withdrawals = []
    farm.end_study()
    await farm.take_part()
    assert farm.ledger.calls == []
