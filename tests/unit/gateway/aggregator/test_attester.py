from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from gateway.aggregator.attest import Attester
from gateway.aggregator.decide import Attest
from gateway.artifacts.label import Description
from quorate.digest import digest_of
from quorate.errors import UnreachableError, UsageError
from quorate.identifiers import RoundNumber
from tests.unit.gateway.aggregator.house import (
    House,
    initial_model,
    plain_ledger,
    seal_with,
    update_label,
    update_of,
)
from tests.unit.gateway.aggregator.ledger_model import EPOCH, MEMBERS, STUDY, stamp

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ALDER = MEMBERS[0]
UPDATES = {msp: update_of(msp, (1, 2, 3, 4), base=digest_of(initial_model())) for msp in MEMBERS}
STEP = Attest(RoundNumber(1), 1)


async def house_in(tmp_path: Path) -> House:
    model = plain_ledger()
    seal_with(model, UPDATES)
    house = await House.build(tmp_path, model)
    await house.keep_initial_model()
    house.exchange.serves = {digest_of(data): data for data in UPDATES.values()}
    return house


def attestations(house: House) -> int:
    return house.ledger.said.count("attest")


async def test_an_attempt_is_recomputed_once_however_often_it_is_begun(tmp_path: Path):
    house = await house_in(tmp_path)
    attester = Attester(house.context, STUDY)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(5):
            attester.begin(tasks, STEP)
            assert attester.has_taken(STEP)
    async with asyncio.TaskGroup() as tasks:
        attester.begin(tasks, STEP)

    assert attestations(house) == 1
    assert (1, 1, ALDER) in house.ledger.model.attestations


async def test_another_attempt_is_another_step(tmp_path: Path):
    house = await house_in(tmp_path)
    attester = Attester(house.context, STUDY)
    async with asyncio.TaskGroup() as tasks:
        attester.begin(tasks, STEP)
    model = house.ledger.model
    for msp in MEMBERS[1:]:
        model.attest(1, msp, attempt=1, model=digest_of(msp.encode()), excluded=[], now=EPOCH)
    model.retry(1, attempt=1, now=EPOCH)
    await house.look()

    async with asyncio.TaskGroup() as tasks:
        attester.begin(tasks, Attest(RoundNumber(1), 2))

    assert (1, 2, ALDER) in model.attestations
    assert model.attestations[1, 2, ALDER]["possession"] != model.attestations[1, 1, ALDER]["possession"]


async def test_what_never_came_whole_is_dropped_with_the_next_round(tmp_path: Path):
    """Else who commits, and sends all but the last byte, would fill the attesters' disks round by round."""
    house = await house_in(tmp_path)
    attester = Attester(house.context, STUDY)
    withheld = UPDATES[MEMBERS[1]]
    del house.exchange.serves[digest_of(withheld)]
    description = Description(digest=digest_of(withheld), size=len(withheld), label=update_label(MEMBERS[1]))
    with pytest.raises(UsageError, match="the upload ends after"):
        await house.store.receive(description, _all_but_the_last_byte(withheld))
    async with asyncio.TaskGroup() as tasks:
        attester.begin(tasks, STEP)
    model = house.ledger.model
    assert [left["reason"] for left in model.attestations[1, 1, ALDER]["excluded"]] == ["unavailable"]
    assert house.store.partial(description.digest, description.size) == len(withheld) - 1  # another attempt may go on

    model.round_records[1] |= {"state": "ABORTED", "closed": {"reason": "too-few-valid", "stamp": stamp(EPOCH)}}
    later = {msp: update_of(msp, (1, 2, 3, 4), base=digest_of(initial_model()), round_=2) for msp in MEMBERS}
    seal_with(model, later, number=2)
    house.exchange.serves = {digest_of(data): data for data in later.values()}
    await house.look()
    async with asyncio.TaskGroup() as tasks:
        attester.begin(tasks, Attest(RoundNumber(2), 1))

    assert (2, 1, ALDER) in model.attestations
    assert house.store.partial(description.digest, description.size) == 0


async def _all_but_the_last_byte(data: bytes) -> AsyncIterator[bytes]:
    yield data[:-1]


async def test_a_failure_leaves_the_step_to_be_taken_again(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    house = await house_in(tmp_path)
    attester = Attester(house.context, STUDY)
    house.exchange.failing = UnreachableError("nobody is there")
    async with asyncio.TaskGroup() as tasks:
        attester.begin(tasks, STEP)
    assert not attester.has_taken(STEP)
    assert "was not attested in attempt 1: UNREACHABLE: nobody is there" in caplog.text
    house.exchange.failing = None

    async with asyncio.TaskGroup() as tasks:
        attester.begin(tasks, STEP)

    assert attestations(house) == 1


async def test_the_view_is_read_again_until_that_works(tmp_path: Path):
    house = await house_in(tmp_path)
    attester = Attester(house.context, STUDY)
    before = house.context.state.studies[STUDY]
    house.ledger.failing = UnreachableError("the peer is away")

    async with asyncio.TaskGroup() as tasks:
        attester.begin(tasks, STEP)
        await asyncio.sleep(2.2)
        assert house.context.state.studies[STUDY] is before
        house.ledger.failing = None

    assert house.context.state.studies[STUDY] is not before


@pytest.mark.parametrize("change", [{"state": "FINAL"}, {"attempt": 2}], ids=str)
async def test_nothing_is_said_about_an_attempt_that_is_over(tmp_path: Path, change: dict[str, object]):
    house = await house_in(tmp_path)
    house.ledger.model.round_records[1].update(change)
    await house.look()

    async with asyncio.TaskGroup() as tasks:
        Attester(house.context, STUDY).begin(tasks, STEP)

    assert attestations(house) == 0


async def test_a_defect_is_not_taken_for_a_failure(tmp_path: Path):
    house = await house_in(tmp_path)

    def broken(_: object) -> object:
        raise ZeroDivisionError

    house.exchange.order = broken

    with pytest.raises(ExceptionGroup) as caught:
        async with asyncio.TaskGroup() as tasks:
            Attester(house.context, STUDY).begin(tasks, STEP)

    assert caught.group_contains(ZeroDivisionError)
