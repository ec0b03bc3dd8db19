from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

from participants.agent.journal import Entry
from participants.agent.trainer import Trainer
from participants.training.errors import (
    AcceleratorMissingError,
    TrainerDiedError,
    TrainerTimedOutError,
    TrainingFailedError,
)
from participants.training.hardware import Hardware
from participants.training.isolation import Isolation, Network
from participants.training.request import TrainingRequest, TrainingResult
from participants.training.secrets import ReleaseContext
from quorate.digest import digest_of
from tests.unit.gateway.aggregator.house import plain_ledger
from tests.unit.participants.agent.machine import ME, WARD

if TYPE_CHECKING:
    from quorate.errors import QuorateError

ENTRY = Entry.begin(study="heart", round_=1, dataset="ward", base=digest_of(b"base"))
AUTOMATIC = Hardware()
WEIGHTS = {"w": np.zeros(4, np.float32)}


class Plans:
    """Stands in for `ApprovedPlans`."""

    def document(self, digest: str) -> bytes:
        return f"the plan {digest}".encode()


@dataclass
class FakeChild:
    """Stands in for `TrainerChild`."""

    fails: list[QuorateError] = field(default_factory=list)
    requests: list[TrainingRequest] = field(default_factory=list)
    lives: bool = True
    closed: bool = False
    at_once: int = 0
    most_at_once: int = 0
    goes_on: threading.Event | None = None

    @property
    def isolation(self) -> Isolation:
        return Isolation(network=next(iter(Network)), dies_with_parent=True, start="spawn")

    def train(self, request: TrainingRequest, *, timeout: float) -> TrainingResult:
        assert timeout == 7.0
        self.requests.append(request)
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.goes_on is not None:
            assert self.goes_on.wait(60)
        self.at_once -= 1
        if self.fails:
            raise self.fails.pop(0)
        return TrainingResult(weights=WEIGHTS)

    def require(self, hardware: Hardware, *, timeout: float) -> None:
        assert (hardware.accelerator, timeout) == ("gpu", 7.0)
        if self.fails:
            raise self.fails.pop(0)

    def alive(self) -> bool:
        return self.lives and not self.closed

    def close(self) -> None:
        self.closed = True

    def kill(self) -> None:
        self.fails.append(TrainerDiedError("killed"))
        assert self.goes_on is not None
        self.goes_on.set()


def trainer_of(*children: FakeChild, running: FakeChild | None = None, hardware: Hardware = AUTOMATIC) -> Trainer:
    waiting = list(children)
    return Trainer(
        msp=ME,
        plans=cast("Any", Plans()),
        start=lambda: cast("Any", waiting.pop(0)),
        seconds=7.0,
        hardware=hardware,
        child=cast("Any", running),
    )


async def train(trainer: Trainer, *, private: bool = True) -> object:
    terms = plain_ledger(private=private).study_view().study.terms
    return await trainer.train(dataset=WARD, entry=ENTRY, terms=terms, base=WEIGHTS)


async def test_a_request_says_everything_that_the_release_depends_on():
    child = FakeChild()

    assert await train(trainer_of(child)) is WEIGHTS

    [request] = child.requests
    assert request.secret == ENTRY.secret
    assert request.context == ReleaseContext(study="heart", round=1, base=ENTRY.base, msp=ME, dataset="ward")
    assert request.plan == f"the plan {digest_of(b'a plan')}".encode()
    assert request.data is WARD.binding
    assert request.privacy is not None
    assert (str(request.privacy.noise_multiplier), request.privacy.sample_rate.denominator) == ("4", 4)


async def test_without_privacy_the_request_names_none():
    child = FakeChild()

    await train(trainer_of(child), private=False)

    assert child.requests[0].privacy is None


async def test_a_gpu_is_asked_for_at_the_start_and_nothing_else_is():
    child = FakeChild(fails=[AcceleratorMissingError("none here")])
    await trainer_of().require_hardware()
    with pytest.raises(AcceleratorMissingError):
        await trainer_of(child, hardware=Hardware(accelerator="gpu")).require_hardware()


async def test_one_child_serves_many_rounds():
    child = FakeChild()
    trainer = trainer_of(running=child)

    await train(trainer)
    await train(trainer)

    assert len(child.requests) == 2


@pytest.mark.parametrize("error", [TrainerDiedError("killed"), TrainerTimedOutError("slow")])
async def test_after_a_childs_death_another_is_started_with_the_same_secret(error: QuorateError):
    first, second = FakeChild(fails=[error]), FakeChild()
    trainer = trainer_of(first, second)
    with pytest.raises(type(error)):
        await train(trainer)
    assert first.closed

    await train(trainer)

    assert [child.requests[0].secret for child in (first, second)] == [ENTRY.secret, ENTRY.secret]


async def test_a_child_that_died_between_rounds_is_replaced_before_it_is_asked():
    first, second = FakeChild(), FakeChild()
    trainer = trainer_of(second, running=first)
    first.lives = False

    await train(trainer)

    assert (len(first.requests), len(second.requests)) == (0, 1)


async def test_a_child_that_answered_with_an_error_goes_on_living():
    child = FakeChild(fails=[TrainingFailedError("the plan failed")])
    trainer = trainer_of(running=child)
    with pytest.raises(TrainingFailedError):
        await train(trainer)

    await train(trainer)

    assert not child.closed


async def test_rounds_train_one_after_the_other_and_the_event_loop_goes_on():
    child = FakeChild(goes_on=threading.Event())
    trainer = trainer_of(running=child)
    rounds = [asyncio.create_task(train(trainer)) for _ in range(3)]
    while not child.requests:  # noqa: ASYNC110 - a fake has no event
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert len(child.requests) == 1
    assert child.goes_on is not None
    child.goes_on.set()

    await asyncio.gather(*rounds)

    assert (len(child.requests), child.most_at_once) == (3, 1)


async def test_closing_while_a_round_trains_does_not_wait_for_it():
    child = FakeChild(goes_on=threading.Event())
    trainer = trainer_of(running=child)
    training = asyncio.create_task(train(trainer))
    while not child.requests:  # noqa: ASYNC110 - a fake has no event
        await asyncio.sleep(0.01)

    trainer.close()

    with pytest.raises(TrainerDiedError):
        await training
    assert child.closed


def test_closing_ends_the_child_and_may_be_repeated():
    child = FakeChild()
    trainer = trainer_of(running=child)

    trainer.close()
    trainer.close()

    assert child.closed
