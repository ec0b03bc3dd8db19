"""The agent may die before any effect, on the disk or on others: after a restart, the round is what it would have been.

The secret stays the same, nothing is charged twice, and nothing is trained after its commit.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from participants.agent.journal import Stage
from quorate.digest import digest_of
from tests.unit.participants.agent.machine import ME, DeathError, Machine, machine_in, update_with

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_EFFECTS = 200


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> Callable[[Machine], None]:
    """Return what makes the disk's effects points of a machine's fate: open, force, rename, remove."""

    effects = {"open": os.open, "fsync": os.fsync, "rename": Path.replace, "remove": Path.unlink}

    def make(machine: Machine) -> None:
        def before(name: str, effect: Callable[..., Any]) -> Callable[..., Any]:
            def either(*given: Any, **named: Any) -> Any:
                if str(machine.directory / "journal") in str(given[0]) or name == "fsync":
                    machine.fate.point(name)
                return effect(*given, **named)

            return either

        monkeypatch.setattr(os, "open", before("open", effects["open"]))
        monkeypatch.setattr(os, "fsync", before("fsync", effects["fsync"]))
        monkeypatch.setattr(Path, "replace", before("rename", effects["rename"]))
        monkeypatch.setattr(Path, "unlink", before("remove", effects["remove"]))

    return make


async def run_until_death(machine: Machine, dies_before: int | None) -> bool:
    """Start the agent and let it take part; return whether it lived."""
    try:
        await machine.start(dies_before=dies_before)
        await machine.take_part()
    except DeathError:
        return False
    return True


def check(machine: Machine) -> None:
    assert set(machine.model.commits) == {(1, ME)}
    assert machine.model.declines == {}
    assert machine.model.charges == 1
    assert len(set(machine.trainer.secrets)) == 1
    update = update_with(machine.trainer.secrets[0], machine.model)
    assert machine.model.commits[1, ME]["update"] == digest_of(update)
    assert machine.artifacts.held[digest_of(update)] == update
    assert machine.entry().stage is Stage.COMMITTED
    assert machine.secrets_on_disk() == set()


async def effects_of_a_whole_round(machine: Machine) -> int:
    assert await run_until_death(machine, None)
    check(machine)
    return len(machine.fate.done)


async def test_there_are_effects_of_every_kind(tmp_path: Path, mortal: Callable[[Machine], None]):
    machine = await machine_in(tmp_path)
    mortal(machine)

    await effects_of_a_whole_round(machine)

    kinds = {"open", "fsync", "rename", "get", "Reserve", "Reserve answered", "train", "put", "Commit"}
    assert kinds <= set(machine.fate.done)


async def test_a_death_before_any_effect_changes_nothing_of_the_outcome(
    tmp_path: Path, mortal: Callable[[Machine], None]
):
    for dies_before in range(MOST_EFFECTS):
        machine = await machine_in(tmp_path / str(dies_before))
        mortal(machine)
        lived = await run_until_death(machine, dies_before)
        trained = len(machine.trainer.secrets)
        committed = (1, ME) in machine.model.commits
        assert await run_until_death(machine, None)
        check(machine)
        assert not committed or len(machine.trainer.secrets) == trained, "trained again after its commit"
        if lived:
            assert dies_before > 20
            return
    pytest.fail("the round never came to its end")


async def test_a_second_death_on_the_way_back_changes_nothing_either(tmp_path: Path, mortal: Callable[[Machine], None]):
    probe = await machine_in(tmp_path / "probe")
    mortal(probe)
    effects = await effects_of_a_whole_round(probe)
    for first in range(0, effects, 3):
        for second in (0, 2, 5, 9, 14):
            machine = await machine_in(tmp_path / f"{first}-{second}")
            mortal(machine)
            await run_until_death(machine, first)
            await run_until_death(machine, second)
            assert await run_until_death(machine, None)
            check(machine)


async def test_a_machine_that_lost_its_disk_declines_what_was_charged(tmp_path: Path):
    machine = await machine_in(tmp_path / "old")
    machine.fate.dies_before = ["get", "Reserve", "Reserve answered", "train"].index("train")
    with pytest.raises(DeathError):
        await machine.take_part()
    began = list(machine.trainer.secrets)
    machine.directory = tmp_path / "new"

    assert await run_until_death(machine, None)

    assert machine.trainer.secrets == began
    assert machine.model.declines[1, ME]["reason"] == "failed"
    assert machine.model.commits == {}
    assert machine.model.charges == 1
