"""A round whose study is stopped before each of its steps, and goes on: nothing is charged, trained or lost twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from participants.agent.journal import Stage
from quorate.errors import StateError
from tests.unit.participants.agent.machine import ME, Fate, machine_in

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.gateway.aggregator.ledger_model import LedgerModel

STEPS = ("get", "Reserve", "train", "put", "Commit")


class Stopping(Fate):
    """Stops the study before one step, once."""

    def __init__(self, model: LedgerModel, before: str) -> None:
        super().__init__()
        self._model, self._before = model, before

    def point(self, name: str) -> None:
        if name == self._before:
            self._model.state, self._before = "SUSPENDED", ""
        super().point(name)


@pytest.mark.parametrize("before", STEPS)
async def test_a_round_goes_on_where_the_suspension_stopped_it(tmp_path: Path, before: str):
    machine = await machine_in(tmp_path)
    machine.fate = machine.contract.fate = machine.artifacts.fate = machine.trainer.fate = Stopping(
        machine.model, before
    )
    await machine.start()
    with pytest.raises(StateError, match="SUSPENDED"):
        await machine.take_part()
    charged = machine.model.charges
    await machine.take_part()  # while it is stopped: nothing
    assert (machine.model.charges, machine.model.commits, machine.model.declines) == (charged, {}, {})

    machine.model.state = "RUNNING"
    await machine.take_part()

    assert machine.model.charges == 1
    assert len(machine.trainer.secrets) == 1
    assert machine.model.commits[1, ME]["status"] == "ON_TIME"
    entry = machine.entry()
    assert entry is not None
    assert entry.stage is Stage.COMMITTED
