from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from grpc import StatusCode

from gateway.fabric.errors import GatewayError
from gateway.service.client import RoundChange, StudyChange
from participants.agent.config import DatasetSection
from participants.agent.loop import AgentLoop
from participants.agent.run import _cause_of
from participants.data.bindings import CsvBinding
from participants.training.errors import TrainerDiedError
from quorate.digest import digest_of
from quorate.errors import BudgetError, ExpiredError, NoSpaceError, TimedOutError, UnreachableError
from quorate.identifiers import DatasetId
from tests.unit.gateway.aggregator.ledger_model import EPOCH
from tests.unit.participants.agent.machine import ME, WARD, Machine, machine_in

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SOON = 60.0


class Stream:
    """Stands in for the gateway's stream of changes."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.queue: asyncio.Queue[StudyChange | RoundChange | None] = asyncio.Queue()

    def tell_study(self) -> None:
        self.queue.put_nowait(StudyChange(self.machine.model.study_view(), ""))

    def tell_round(self, number: int = 1) -> None:
        view = self.machine.model.round_view(number)
        assert view is not None
        self.queue.put_nowait(RoundChange(view, ""))

    async def changes(self) -> AsyncIterator[StudyChange | RoundChange]:
        while (change := await self.queue.get()) is not None:
            yield change


@asynccontextmanager
async def running(
    machine: Machine, *datasets: DatasetSection, stop_on_refusal: bool = True
) -> AsyncIterator[tuple[Stream, asyncio.Task[None]]]:
    stream = Stream(machine)
    loop = AgentLoop(machine.context, datasets or (WARD,), stop_on_refusal=stop_on_refusal)
    task = asyncio.create_task(loop.run(stream.changes()))
    try:
        yield stream, task
    finally:
        task.cancel()
        async with asyncio.timeout(SOON):
            await asyncio.wait([task])


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(SOON):
        while not happened():  # noqa: ASYNC110 - a fake has no event
            await asyncio.sleep(0.01)


def committed(machine: Machine, number: int = 1) -> Callable[[], bool]:
    return lambda: (number, ME) in machine.model.commits


async def test_a_round_is_joined_as_soon_as_it_and_its_study_are_known(tmp_path: Path):
    machine = await machine_in(tmp_path)
    async with running(machine) as (stream, _):
        stream.tell_round()
        await asyncio.sleep(0.05)
        assert machine.fate.done == []
        stream.tell_study()
        await until(committed(machine))


async def test_a_round_whose_base_the_known_study_does_not_have_yet_waits_for_the_study(tmp_path: Path):
    machine = await machine_in(tmp_path, private=False)
    async with running(machine) as (stream, _):
        stream.tell_study()
        stream.tell_round()
        await until(committed(machine))
        model = digest_of(b"final model")
        machine.model.round_records[1] |= {"state": "FINAL", "model": model}
        machine.model.open(2, now=EPOCH)
        stream.tell_round(2)
        await asyncio.sleep(0.05)
        assert machine.entry(2) is None
        stream.tell_study()
        await until(lambda: machine.entry(2) is not None)


async def test_data_sets_of_others_are_left_alone(tmp_path: Path):
    machine = await machine_in(tmp_path)
    stranger = DatasetSection(id=DatasetId("yard"), binding=CsvBinding(path="yard.csv"))
    async with running(machine, stranger) as (stream, _):
        stream.tell_study()
        stream.tell_round()
        await asyncio.sleep(0.1)
    assert machine.fate.done == []


@pytest.mark.parametrize(
    "failure",
    [
        GatewayError("the gateway is away", status=StatusCode.UNAVAILABLE),
        UnreachableError("away"),
        TimedOutError("slow"),
        NoSpaceError("full"),
        ExpiredError("the transaction's timestamp is -2863 ms from this endorser's clock"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_what_is_out_of_reach_is_tried_again_without_any_change(tmp_path: Path, failure: Exception):
    machine = await machine_in(tmp_path)
    machine.contract.failing = failure
    async with running(machine) as (stream, _):
        stream.tell_study()
        stream.tell_round()
        await asyncio.sleep(0.4)
        assert not committed(machine)()
        machine.contract.failing = None
        await until(committed(machine))
    assert len(machine.trainer.secrets) == 1


async def test_a_trainer_that_died_is_replaced_and_repeats_its_release(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.trainer.failing = [TrainerDiedError("killed")]
    async with running(machine) as (stream, _):
        stream.tell_study()
        stream.tell_round()
        await until(committed(machine))
    assert len(machine.trainer.secrets) == 2
    assert len(set(machine.trainer.secrets)) == 1


async def test_a_gateway_that_lags_behind_with_the_base_is_waited_for(tmp_path: Path):
    machine = await machine_in(tmp_path)
    base = machine.artifacts.held.pop(machine.model.initial)
    async with running(machine) as (stream, _):
        stream.tell_study()
        stream.tell_round()
        await asyncio.sleep(0.1)
        assert machine.model.charges == 0
        machine.artifacts.held[machine.model.initial] = base
        await until(committed(machine))


async def test_a_refused_charge_ends_the_agent_with_its_own_exit_code(tmp_path: Path):
    machine = await machine_in(tmp_path, refuses=frozenset({ME}))
    async with running(machine) as (stream, task):
        stream.tell_study()
        stream.tell_round()
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.timeout(SOON):
                await task

    found = _cause_of(caught.value)
    assert isinstance(found, BudgetError)
    assert found.exit_code == 6
    assert machine.trainer.secrets == []


async def test_a_refused_charge_is_passed_over_where_the_configuration_says_so(tmp_path: Path):
    machine = await machine_in(tmp_path, refuses=frozenset({ME}))
    async with running(machine, stop_on_refusal=False) as (stream, task):
        stream.tell_study()
        stream.tell_round()
        await until(lambda: (1, ME) in machine.model.reservations)
        machine.model.refuses = frozenset()
        machine.model.round_records[1]["state"] = "ABORTED"
        machine.model.open(2, now=EPOCH)
        stream.tell_study()
        stream.tell_round(2)
        await until(committed(machine, 2))
        assert not task.done()


async def test_one_data_set_does_not_wait_for_another(tmp_path: Path):
    machine = await machine_in(tmp_path, private=False)
    hangs = asyncio.Event()
    slow = DatasetSection(id=DatasetId("yard"), binding=CsvBinding(path="yard.csv"))
    view = machine.model.study_view().as_json()
    view["study"]["terms"]["participants"].insert(1, {"msp": ME, "dataset": "yard", "weight": 1})
    machine.ledger_policy.objection = lambda _, dataset: hangs.wait() if dataset == "yard" else asyncio.sleep(0)
    async with running(machine, slow, WARD) as (stream, _):
        stream.queue.put_nowait(StudyChange(type(machine.model.study_view()).of(view), ""))
        stream.tell_round()
        await until(committed(machine))
        assert not hangs.is_set()


async def test_an_older_round_that_comes_after_a_newer_one_is_not_joined(tmp_path: Path):
    machine = await machine_in(tmp_path, private=False)
    old = machine.model.round_view(1)
    machine.model.round_records[1]["state"] = "ABORTED"
    machine.model.open(2, now=EPOCH)
    async with running(machine) as (stream, _):
        stream.tell_study()
        stream.tell_round(2)
        await until(committed(machine, 2))
        assert old is not None
        stream.queue.put_nowait(RoundChange(old, ""))
        await asyncio.sleep(0.1)
    assert len(machine.trainer.secrets) == 1
    assert machine.entry(1) is None


async def test_rounds_that_ended_while_the_agent_was_away_are_forgotten(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.trainer.failing = [TrainerDiedError("killed")]
    with pytest.raises(TrainerDiedError):
        await machine.take_part()
    assert machine.secrets_on_disk() != set()
    machine.model.round_records[1]["state"] = "ABORTED"
    machine.model.open(2, now=EPOCH)
    await machine.start()
    async with running(machine) as (stream, _):
        stream.tell_study()
        stream.tell_round(2)
        await until(committed(machine, 2))
        await until(lambda: machine.secrets_on_disk() == set())


async def test_an_earlier_rounds_secret_is_gone_before_the_next_round_trains(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.trainer.failing = [TrainerDiedError("killed")]
    with pytest.raises(TrainerDiedError):
        await machine.take_part()
    machine.model.round_records[1]["state"] = "ABORTED"
    machine.model.open(2, now=EPOCH)
    await machine.start()
    train, on_disk = machine.trainer.train, []

    async def watched(**request: object) -> object:
        on_disk.append(machine.secrets_on_disk())
        return await train(**request)

    machine.trainer.train = watched
    async with running(machine) as (stream, _):
        stream.tell_study()
        stream.tell_round(2)
        await until(committed(machine, 2))
    assert len(machine.trainer.secrets) == 2
    assert on_disk == [set()]  # of the secrets that were used before


async def test_the_end_of_the_stream_ends_the_agent(tmp_path: Path):
    machine = await machine_in(tmp_path)
    async with running(machine) as (stream, task):
        stream.queue.put_nowait(None)
        async with asyncio.timeout(SOON):
            await task


async def test_cancelling_ends_the_agent_also_while_it_waits_for_what_is_out_of_reach(tmp_path: Path):
    machine = await machine_in(tmp_path)
    machine.contract.failing = UnreachableError("away")
    async with running(machine) as (stream, task):
        stream.tell_study()
        stream.tell_round()
        await until(lambda: machine.entry() is not None)
        stream.tell_round()  # a change and the end at the same moment
        task.cancel()
        async with asyncio.timeout(SOON):
            await asyncio.wait([task])
        assert task.cancelled()


def test_a_defect_among_the_errors_is_not_hidden_behind_an_error_of_ours():
    group = ExceptionGroup("", [BudgetError("refused"), ExceptionGroup("", [ZeroDivisionError()])])

    assert _cause_of(group) is group
