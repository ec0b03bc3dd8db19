from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import pytest

from gateway.aggregator.inputs import model_description
from gateway.artifacts.label import Kind
from participants.agent.update import read_base, update_writer
from quorate.digest import digest_of
from quorate.errors import NoSpaceError, NotFoundError, QuorateError, UnreachableError, UsageError
from quorate.tensors import Header
from tests.unit.gateway.aggregator.house import BASE_VALUES, initial_model, model_of, plain_ledger
from tests.unit.participants.agent.machine import ME, Machine, machine_in, trained_with, update_with

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = 60.0


def models_held(machine: Machine) -> set[str]:
    return {str(held.label) for held in machine.context.models._store.listing()}


async def test_data_sets_that_want_the_same_model_at_once_share_one_download(tmp_path: Path):
    machine = await machine_in(tmp_path)
    study, base = machine.model.study_view(), machine.model.initial

    async def read() -> bytes:
        async with machine.context.models.open(study, base, within=SECONDS) as file:
            return file.read()

    assert await asyncio.gather(*(read() for _ in range(8))) == [initial_model()] * 8
    assert machine.fate.done.count("get") == 1


async def test_only_the_newest_model_of_a_study_is_kept(tmp_path: Path):
    machine = await machine_in(tmp_path)
    first = machine.model.initial
    final = model_of(BASE_VALUES, base=first)
    machine.model.round_records[1] |= {"state": "FINAL", "model": digest_of(final)}
    machine.artifacts.held[digest_of(final)] = final
    async with machine.context.models.open(machine.model.study_view(), first, within=SECONDS):
        pass
    assert models_held(machine) == {"initial-model heart"}

    async with machine.context.models.open(machine.model.study_view(), digest_of(final), within=SECONDS) as file:
        assert file.read() == final

    assert models_held(machine) == {"final-model heart 1"}


async def test_a_model_of_no_round_is_not_asked_for(tmp_path: Path):
    machine = await machine_in(tmp_path)

    with pytest.raises(NotFoundError, match="no model of study heart"):
        await machine.context.models.hold(machine.model.study_view(), digest_of(b"strange"), within=SECONDS)

    assert machine.fate.done == []


@pytest.mark.parametrize(
    ("error", "kind"), [(NoSpaceError("full"), NoSpaceError), (NotFoundError("not here"), UnreachableError)]
)
async def test_what_the_gateway_does_not_serve_is_out_of_reach_and_a_full_disk_stays_one(
    tmp_path: Path, error: QuorateError, kind: type[QuorateError]
):
    machine = await machine_in(tmp_path)
    machine.artifacts.failing = error

    with pytest.raises(kind):
        await machine.context.models.hold(machine.model.study_view(), machine.model.initial, within=SECONDS)


async def test_a_base_is_read_whole_and_becomes_an_update(tmp_path: Path):
    machine = await machine_in(tmp_path)
    base_digest, secret = machine.model.initial, bytes(range(32))
    async with machine.context.models.open(machine.model.study_view(), base_digest, within=SECONDS) as file:
        base = read_base(machine.model.study_view(), base_digest, file)
    assert tuple(base.integers["w"]) == BASE_VALUES
    header = Header.update(study="heart", round=1, msp=ME, dataset="ward", base=base_digest)
    trained = trained_with(secret, base.floats(scale_bits=16)["w"])

    write = update_writer(base, trained, header=header, scale_bits=16, bound=machine.model.bound)

    path = tmp_path / "update"
    with path.open("wb") as file:
        digest = write(file)
    assert path.read_bytes() == update_with(secret, machine.model)
    assert digest == digest_of(path.read_bytes())


async def test_a_base_with_other_bytes_than_its_digest_is_refused(tmp_path: Path):
    machine = await machine_in(tmp_path)
    path = tmp_path / "model"
    path.write_bytes(initial_model()[:-1] + b"\x01")

    with path.open("rb") as file, pytest.raises(QuorateError):
        read_base(machine.model.study_view(), machine.model.initial, file)


def test_missing_tensors_are_named():
    study = plain_ledger().study_view()
    base = read_base(study, study.study.terms.model.initial, io.BytesIO(initial_model()))

    with pytest.raises(UsageError, match=r"returned the tensors \['v'\], expected \['w'\]"):
        update_writer(
            base,
            {"v": base.floats(scale_bits=16)["w"]},
            header=Header.update(study="heart", round=1, msp=ME, dataset="ward", base=base.digest),
            scale_bits=16,
            bound=100,
        )


def test_a_description_of_a_model_has_its_exact_size():
    study = plain_ledger().study_view()

    found = model_description(study, study.study.terms.model.initial)

    assert (found.label.kind, found.size) == (Kind.INITIAL_MODEL, len(initial_model()))
