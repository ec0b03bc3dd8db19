from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from participants.agent.journal import Journal, Stage
from participants.agent.local_policy import LocalPolicy
from participants.data.errors import DataNotFoundError
from participants.plans.errors import PlanNotApprovedError, PlanRefusedError, Refusal
from participants.training.errors import NotFiniteError, TrainerDiedError, TrainerTimedOutError, TrainingFailedError
from quorate.digest import digest_of
from quorate.errors import (
    BudgetError,
    ConflictError,
    DeniedError,
    ExpiredError,
    IntegrityError,
    NoSpaceError,
    StateError,
    UnreachableError,
)
from tests.unit.gateway.aggregator.ledger_model import EPOCH, MEMBERS
from tests.unit.participants.agent.machine import ME, machine_in, update_with

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from participants.agent.journal import Entry
    from quorate.errors import QuorateError
    from tests.unit.participants.agent.machine import Machine

STEPS = ["Reserve", "train", "put", "Commit"]


def steps_of(machine: Machine) -> list[str]:
    """Return what was asked of others, without their answers."""
    return [name for name in machine.fate.done if not name.endswith("answered")]


def declined(machine: Machine, number: int = 1) -> str | None:
    found = machine.model.declines.get((number, ME))
    return None if found is None else found["reason"]


async def test_a_round_goes_from_the_charge_to_the_commit(tmp_path: Path):
    machine = await machine_in(tmp_path)

    await machine.take_part()

    assert steps_of(machine) == ["get", *STEPS]
    [secret] = machine.trainer.secrets
    update = update_with(secret, machine.model)
    assert machine.model.commits[1, ME]["update"] == digest_of(update)
    assert machine.artifacts.held[digest_of(update)] == update
    assert machine.entry().stage is Stage.COMMITTED


async def test_without_privacy_nothing_is_charged(tmp_path: Path):
    machine = await machine_in(tmp_path, private=False)

    await machine.take_part()

    assert steps_of(machine) == ["get", "train", "put", "Commit"]


async def test_the_secret_is_gone_with_the_commit(tmp_path: Path):
    machine = await machine_in(tmp_path)

    await machine.take_part()

    assert machine.secrets_on_disk() == set()
    assert len(machine.trainer.secrets[0]) == 32


async def test_taking_part_again_changes_nothing(tmp_path: Path):
    machine = await machine_in(tmp_path)
    before = machine.participation()
    await machine.take_part()

    await machine.take_part()
    await before.take_part()  # the view from before the commit

    assert len(machine.trainer.secrets) == 1
    assert machine.model.charges == 1
    assert steps_of(machine) == ["get", *STEPS, "stat"]


async def test_a_committed_round_is_not_trained_again_even_when_its_update_is_lost_and_the_view_is_old(tmp_path: Path):
    machine = await machine_in(tmp_path)
    before = machine.participation()
    await machine.take_part()
    machine.journal.update_path(machine.entry()).unlink()

    await before.take_part()
    await machine.take_part()

    assert len(machine.trainer.secrets) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda machine: machine.model.decline(1, ME, reason="operator", now=EPOCH),
        lambda machine: machine.model.withdraw(ME),
        lambda machine: setattr(machine.model, "state", "SUSPENDED"),
        lambda machine: machine.model.round_records[1].update(state="SEALED"),
        lambda machine: machine.model.round_records[1].update(state="DISPUTED"),
        lambda machine: machine.model.round_records[1].update(state="FINAL"),
        lambda machine: machine.model.round_records[1].update(state="ABORTED"),
        lambda machine: setattr(machine.model, "state", "ABORTED"),
    ],
)
async def test_there_is_nothing_to_join(tmp_path: Path, change: Callable[[Machine], object]):
    machine = await machine_in(tmp_path)
    change(machine)

    await machine.take_part()

    assert steps_of(machine) == []
    assert machine.entry() is None


@pytest.mark.parametrize(
    "policy",
    [
        LocalPolicy(studies=("lungs",)),
        LocalPolicy(purposes=("marketing",)),
        LocalPolicy(minimum_noise_multiplier="4.5"),
    ],
)
async def test_what_the_local_policy_objects_to_is_declined_before_anything_else(tmp_path: Path, policy: LocalPolicy):
    machine = await machine_in(tmp_path)
    machine.policy = policy
    await machine.start()

    await machine.take_part()

    assert steps_of(machine) == ["Decline"]
    assert declined(machine) == "policy"
    assert machine.entry() is None


async def test_nothing_is_charged_for_rounds_that_too_few_can_commit_to(tmp_path: Path):
    """Else a member that withdraws would have the others' budgets spent on all rounds that are left."""
    machine = await machine_in(tmp_path, minimum_commits=3)
    others = [msp for msp in MEMBERS if msp != ME]
    machine.model.withdraw(others[0])
    await machine.take_part()
    assert machine.model.charges == 1  # three are left, as many as needed

    machine = await machine_in(tmp_path / "later", minimum_commits=3)
    machine.model.withdraw(others[0])
    machine.model.withdraw(others[1])
    await machine.take_part()
    assert machine.model.charges == 0
    assert steps_of(machine) == ["Decline"]
    assert declined(machine) == "policy"


async def test_what_the_consortiums_policies_object_to_is_declined_too(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.ledger_policy.answer = "no policy permits it"

    await machine.take_part()

    assert (steps_of(machine), declined(machine)) == (["Decline"], "policy")


async def test_an_objection_that_comes_after_the_charge_ends_the_round_and_its_secret(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.trainer.failing = [TrainerDiedError("killed")]
    with pytest.raises(TrainerDiedError):
        await machine.take_part()
    machine.approved = False

    await machine.take_part()

    assert declined(machine) == "policy"
    assert (machine.entry().stage, machine.entry().secret) == (Stage.GIVEN_UP, b"")
    assert machine.secrets_on_disk() == set()


async def test_a_refused_charge_is_raised_with_its_numbers_and_the_data_are_not_touched(tmp_path: Path):
    machine = await machine_in(tmp_path, refuses=frozenset({ME}))
    before = machine.participation()

    with pytest.raises(BudgetError, match=r"from ε 0\.9000 to 2\.3000 .* over its cap of 2\.0000"):
        await machine.take_part()

    assert steps_of(machine) == ["get", "Reserve"]
    assert (machine.entry().stage, machine.entry().secret) == (Stage.GIVEN_UP, b"")
    await machine.take_part()
    await before.take_part()  # the view from before the refusal
    assert steps_of(machine) == ["get", "Reserve"]
    assert declined(machine) is None


async def test_a_charge_whose_secret_was_lost_is_declined_and_never_trained(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.model.reserve(1, ME, now=EPOCH)

    await machine.take_part()

    assert steps_of(machine) == ["Decline"]
    assert declined(machine) == "failed"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (DataNotFoundError("no such file"), "data"),
        (PlanNotApprovedError("not approved"), "policy"),
        (PlanRefusedError(Refusal.BATCH_NORM, "it has batch norm"), "failed"),
        (TrainingFailedError("the plan failed"), "failed"),
        (NotFiniteError("nan"), "failed"),
    ],
)
async def test_what_cannot_be_trained_is_declined_with_its_reason(tmp_path: Path, error: QuorateError, reason: str):
    machine = await machine_in(tmp_path)
    machine.trainer.failing = [error]

    await machine.take_part()

    assert declined(machine) == reason
    assert machine.entry().stage is Stage.GIVEN_UP
    assert machine.secrets_on_disk() == set()
    await machine.take_part()
    assert len(machine.trainer.secrets) == 1


@pytest.mark.parametrize(
    "weights",
    [
        {},
        {"v": np.zeros(4, np.float32)},
        {"w": np.zeros(4, np.float32), "v": np.zeros(4, np.float32)},
        {"w": np.zeros((2, 2), np.float32)},
        {"w": np.array([0, np.nan, 0, 0], np.float32)},
        {"w": np.array([0, np.inf, 0, 0], np.float32)},
    ],
)
async def test_weights_of_another_form_or_not_finite_are_never_committed(tmp_path: Path, weights: dict[str, object]):
    machine = await machine_in(tmp_path)
    machine.trainer.weights = weights

    await machine.take_part()

    assert declined(machine) == "failed"
    assert (1, ME) not in machine.model.commits


async def test_a_decline_that_did_not_get_through_is_repeated_with_the_same_reason(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.trainer.failing = [DataNotFoundError("no such file")]
    machine.contract.failing = None
    participation = machine.participation()

    async def train_then_lose_the_ledger(**given: object) -> object:
        machine.contract.failing = UnreachableError("away")
        return await original(**given)

    original, machine.trainer.train = machine.trainer.train, train_then_lose_the_ledger
    with pytest.raises(UnreachableError):
        await participation.take_part()
    assert declined(machine) is None
    machine.contract.failing = None

    await machine.take_part()

    assert declined(machine) == "data"
    assert len(machine.trainer.secrets) == 1


@pytest.mark.parametrize("error", [TrainerDiedError("killed"), TrainerTimedOutError("slow")])
async def test_after_a_trainers_death_the_next_try_uses_the_same_secret(tmp_path: Path, error: QuorateError):
    machine = await machine_in(tmp_path)
    machine.trainer.failing = [error, error]
    for _ in range(2):
        with pytest.raises(type(error)):
            await machine.take_part()
        await machine.start()

    await machine.take_part()

    assert len(machine.trainer.secrets) == 3
    assert len(set(machine.trainer.secrets)) == 1
    assert machine.model.charges == 1
    assert declined(machine) is None


async def test_two_rounds_never_share_a_secret(tmp_path: Path):
    machine = await machine_in(tmp_path)
    await machine.take_part()
    machine.model.round_records[1]["state"] = "ABORTED"
    machine.model.open(2, now=EPOCH)

    await machine.take_part(number=2)

    assert len(set(machine.trainer.secrets)) == 2


@pytest.mark.parametrize(
    "error", [None, DeniedError("not yet"), IntegrityError("other bytes"), UnreachableError("away")]
)
async def test_nothing_is_charged_as_long_as_the_base_cannot_be_had(tmp_path: Path, error: QuorateError | None):
    machine = await machine_in(tmp_path)
    model = machine.artifacts.held.pop(machine.model.initial)
    machine.artifacts.failing = error
    with pytest.raises(UnreachableError, match="does not serve initial-model heart yet"):
        await machine.take_part()
    assert machine.model.charges == 0
    assert declined(machine) is None

    machine.artifacts.failing = None
    machine.artifacts.held[machine.model.initial] = model
    await machine.take_part()
    assert (1, ME) in machine.model.commits


async def test_a_model_that_is_here_is_not_fetched_again(tmp_path: Path):
    machine = await machine_in(tmp_path)
    await machine.take_part()
    machine.model.round_records[1]["state"] = "ABORTED"
    machine.model.open(2, now=EPOCH)
    await machine.start()

    await machine.take_part(number=2)

    assert steps_of(machine) == STEPS


class FullOnce(Journal):
    """A journal whose disk has no room for the first update."""

    full = True

    def store_update(self, entry: Entry, write: Callable[..., object]) -> Entry:
        if self.full:
            self.full = False
            raise NoSpaceError("the disk is full")
        return super().store_update(entry, write)


async def test_a_full_disk_is_waited_for_and_the_release_repeated(tmp_path: Path):
    machine = await machine_in(tmp_path)
    object.__setattr__(machine.context, "journal", FullOnce(tmp_path / "journal"))
    with pytest.raises(NoSpaceError):
        await machine.take_part()
    assert machine.entry().stage is Stage.RESERVED

    await machine.take_part()

    assert len(set(machine.trainer.secrets)) == 1
    assert (1, ME) in machine.model.commits
    assert declined(machine) is None


async def test_a_commit_that_the_ledger_does_not_take_yet_is_kept_for_the_next_try(tmp_path: Path):
    machine = await machine_in(tmp_path)
    reservation: dict[object, object] = {}

    async def put_then_forget(*given: object, **named: object) -> None:
        await original(*given, **named)
        reservation.update(machine.model.reservations)
        machine.model.reservations.clear()  # an endorser that has not seen the charge yet

    original, machine.artifacts.put = machine.artifacts.put, put_then_forget
    with pytest.raises(StateError, match="no granted reservation"):
        await machine.take_part()
    assert machine.entry().stage is Stage.STORED
    machine.artifacts.put = original
    machine.model.reservations.update(reservation)

    await machine.take_part()

    assert machine.entry().stage is Stage.COMMITTED
    assert len(machine.trainer.secrets) == 1


async def machine_without_an_answer(tmp_path: Path) -> Machine:
    """Return one that ended between its commit and the answer, and was started again."""
    machine = await machine_in(tmp_path)
    before_its_answer = ["get", "Reserve", "Reserve answered", "train", "put", "put answered", "Commit"]
    machine.fate.dies_before = len(before_its_answer)
    with pytest.raises(BaseException, match="Commit answered"):
        await machine.take_part()
    await machine.start()
    return machine


async def test_a_commit_whose_answer_was_lost_is_noted_and_not_made_again(tmp_path: Path):
    machine = await machine_without_an_answer(tmp_path)
    assert machine.entry().stage is Stage.STORED

    await machine.take_part()

    assert machine.entry().stage is Stage.COMMITTED
    assert steps_of(machine) == ["stat"]
    assert machine.secrets_on_disk() == set()


@pytest.mark.parametrize("state", ["OPEN", "SEALED", "DISPUTED"])
async def test_bytes_that_the_gateway_lost_are_offered_again_until_the_round_ends(tmp_path: Path, state: str):
    machine = await machine_in(tmp_path)
    await machine.take_part()
    update = machine.model.commits[1, ME]["update"]
    data = machine.artifacts.held.pop(update)
    machine.model.round_records[1]["state"] = state

    await machine.take_part()

    assert machine.artifacts.held[update] == data
    assert len(machine.trainer.secrets) == 1


async def test_a_late_commit_is_said_and_done(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    machine = await machine_in(tmp_path, private=False)
    machine.contract.now = EPOCH + machine.model.commit_timeout_ms + 1

    await machine.take_part()

    assert machine.model.commits[1, ME]["status"] == "LATE"
    assert machine.entry().stage is Stage.COMMITTED
    assert "came too late to be included" in caplog.text


async def test_a_charge_after_the_deadline_is_refused_and_nothing_trained(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.contract.now = EPOCH + machine.model.commit_timeout_ms + 1

    with pytest.raises(ExpiredError):
        await machine.take_part()

    assert machine.trainer.secrets == []


@pytest.mark.parametrize("state", ["FINAL", "ABORTED"])
async def test_an_ended_round_is_forgotten_with_its_update(tmp_path: Path, state: str):
    machine = await machine_in(tmp_path)
    await machine.take_part()
    path = machine.journal.update_path(machine.entry())
    assert path.is_file()
    machine.model.round_records[1]["state"] = state

    await machine.take_part()

    assert not path.exists()
    assert machine.entry().stage is Stage.COMMITTED


async def test_a_commit_whose_answer_was_lost_is_noted_even_when_the_round_has_ended_meanwhile(tmp_path: Path):
    machine = await machine_without_an_answer(tmp_path)
    machine.model.round_records[1]["state"] = "FINAL"

    await machine.take_part()

    assert machine.entry().stage is Stage.COMMITTED
    assert machine.secrets_on_disk() == set()
    assert not machine.journal.update_path(machine.entry()).exists()


async def test_a_round_that_ends_before_its_commit_takes_its_secret_along(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.trainer.failing = [TrainerDiedError("killed")]
    with pytest.raises(TrainerDiedError):
        await machine.take_part()
    assert machine.secrets_on_disk() != set()
    machine.model.round_records[1]["state"] = "ABORTED"

    await machine.take_part()

    assert machine.secrets_on_disk() == set()
    assert (machine.entry().stage, machine.entry().reason) == (Stage.GIVEN_UP, "ended")
    assert declined(machine) is None


async def test_a_study_that_ended_by_vote_ends_its_open_round_too(tmp_path: Path):
    machine = await machine_in(tmp_path)
    await machine.take_part()
    machine.model.state = "ABORTED"

    await machine.take_part()

    assert not machine.journal.update_path(machine.entry()).exists()


async def test_a_journal_of_another_ledger_is_never_used(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.trainer.failing = [TrainerDiedError("killed")]
    with pytest.raises(TrainerDiedError):
        await machine.take_part()
    machine.model.round_records[1]["base"] = digest_of(b"another model")

    with pytest.raises(IntegrityError, match="belongs to another ledger"):
        await machine.take_part()

    assert len(machine.trainer.secrets) == 1


async def test_a_round_that_the_same_data_set_has_committed_to_otherwise_is_a_conflict(tmp_path: Path):
    machine = await machine_in(tmp_path, private=False)
    participation = machine.participation()
    base = machine.model.initial
    machine.model.commit(1, ME, base=base, update=digest_of(b"by another agent"), now=EPOCH)

    with pytest.raises(ConflictError):
        await participation.take_part()

    assert machine.model.commits[1, ME]["update"] == digest_of(b"by another agent")


async def test_another_members_words_are_not_taken_for_the_own(tmp_path: Path):
    machine = await machine_in(tmp_path, private=False)
    machine.model.decline(1, MEMBERS[1], reason="operator", now=EPOCH)
    machine.model.commit(1, MEMBERS[2], base=machine.model.initial, update=digest_of(b"x"), now=EPOCH)

    await machine.take_part()

    assert (1, ME) in machine.model.commits


async def test_a_refusal_on_the_ledger_holds_also_when_the_journal_is_lost(tmp_path: Path):
    machine = await machine_in(tmp_path, refuses=frozenset({ME}))
    machine.model.reserve(1, ME, now=EPOCH)

    await machine.take_part()

    assert steps_of(machine) == []
    assert machine.entry() is None


async def test_an_update_that_the_disk_lost_before_its_commit_is_made_again_from_the_same_secret(tmp_path: Path):
    machine = await machine_in(tmp_path)

    async def put_later(*_: object, **__: object) -> None:
        raise UnreachableError("away")

    original, machine.artifacts.put = machine.artifacts.put, put_later
    with pytest.raises(UnreachableError):
        await machine.take_part()
    assert machine.entry().stage is Stage.STORED
    machine.artifacts.put = original
    machine.journal.update_path(machine.entry()).write_bytes(b"torn")

    await machine.take_part()

    assert len(machine.trainer.secrets) == 2
    assert len(set(machine.trainer.secrets)) == 1
    update = update_with(machine.trainer.secrets[0], machine.model)
    assert machine.model.commits[1, ME]["update"] == digest_of(update)


async def test_an_objection_does_not_reopen_what_is_done(tmp_path: Path):
    machine = await machine_in(tmp_path)
    before = machine.participation()
    await machine.take_part()
    machine.ledger_policy.answer = "no policy permits it any more"

    await before.take_part()  # the view from before the commit

    assert machine.entry().stage is Stage.COMMITTED
    assert declined(machine) is None


async def test_an_objection_does_not_change_the_reason_that_was_given_first(tmp_path: Path):
    machine = await machine_in(tmp_path)
    before = machine.participation()
    machine.trainer.failing = [DataNotFoundError("no such file")]
    await machine.take_part()
    machine.ledger_policy.answer = "no policy permits it any more"

    await before.take_part()  # the view from before the decline

    assert declined(machine) == "data"
    assert machine.entry().reason == "data"
