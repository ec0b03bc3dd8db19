from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest

from gateway.aggregator import run
from quorate.digest import digest_of
from quorate.errors import NoSpaceError, UnreachableError
from tests.unit.gateway.aggregator.house import BASE_VALUES, House, LedgerAs, model_of, plain_ledger
from tests.unit.gateway.aggregator.ledger_model import MEMBERS, STUDY
from tests.unit.gateway.aggregator.village import calm_ledger, holds_everything, village

if TYPE_CHECKING:
    from pathlib import Path

ALDER, BIRCH, CEDAR, DEODAR = MEMBERS


async def test_a_study_runs_from_its_first_round_to_its_end(tmp_path: Path):
    model = calm_ledger(rounds=2)
    async with village(tmp_path, model) as gateways:
        for number in (1, 2):
            await gateways.until_open(number)
            for msp in MEMBERS:
                await gateways.commit(msp, (4, 8, -4, number), number=number)
            await gateways.until(lambda n=number: model.round_records[n]["state"] == "FINAL")
        await gateways.until(lambda: model.state == "COMPLETED")

    first = model_of(
        [base + change for base, change in zip(BASE_VALUES, (4, 8, -4, 1), strict=True)], base=model.initial
    )
    after = [base + 2 * change for base, change in zip(BASE_VALUES, (4, 8, -4, 0), strict=True)]
    after[3] += 3
    second = model_of(after, base=digest_of(first), round_=2)
    assert model.round_records[1]["model"] == digest_of(first)
    assert model.round_records[2]["model"] == digest_of(second)


async def test_attestations_prove_possession_each_in_its_own_words(tmp_path: Path):
    model = calm_ledger(rounds=1)
    async with village(tmp_path, model) as gateways:
        await gateways.until_open(1)
        for msp in MEMBERS:
            await gateways.commit(msp, (1, 1, 1, 1), number=1)
        await gateways.until(lambda: model.state == "COMPLETED")

    said = list(model.attestations.values())
    assert len(said) >= model.m
    assert len({each["model"] for each in said}) == 1
    assert len({each["possession"] for each in said}) == len(said)


async def test_a_dead_first_gateway_delays_a_step_and_does_not_stop_it(tmp_path: Path):
    model = calm_ledger(rounds=1)
    async with village(tmp_path, model, *MEMBERS[:3]) as gateways:
        await gateways.until_open(1)
        for msp in MEMBERS:
            await gateways.commit(msp, (1, 1, 1, 1), number=1)
        await gateways.until(lambda: model.state == "COMPLETED")

    assert model.round_records[1]["state"] == "FINAL"


async def test_a_withheld_update_is_left_out_and_the_round_is_final(tmp_path: Path):
    model = calm_ledger(rounds=1, attest_timeout_ms=10_000)
    async with village(tmp_path, model) as gateways:
        await gateways.until_open(1)
        for msp in MEMBERS:
            await gateways.commit(msp, (1, 1, 1, 1), number=1, keep=msp != CEDAR)
        await gateways.until(lambda: model.state == "COMPLETED")

    found = model.round_records[1]
    assert found["excluded"] == [{"msp": CEDAR, "dataset": "ward", "reason": "unavailable"}]


async def test_a_silent_member_is_missing_after_the_deadline(tmp_path: Path):
    model = calm_ledger(rounds=1)
    async with village(tmp_path, model) as gateways:
        await gateways.until_open(1)
        for msp in (ALDER, BIRCH):
            await gateways.commit(msp, (1, 1, 1, 1), number=1)
        gateways.end_commits(1)
        await gateways.until(lambda: model.state == "COMPLETED")

    assert [each["reason"] for each in model.round_records[1]["left_out"]] == ["missing", "missing"]


async def test_gateways_wait_for_a_ledger_that_went_away_while_all_were_recomputing_and_go_on(tmp_path: Path):
    model = calm_ledger(rounds=1)
    async with village(tmp_path, model) as gateways:
        await gateways.until_open(1)
        away = UnreachableError("the network is down")
        gone = asyncio.Event()

        def go_away_before_the_first_attestation(ledger: LedgerAs, what: str = "") -> None:
            if what == "attest" and not gone.is_set():
                # From now on every attestation and every reading fails, and no event comes ever again.
                gone.set()
                gateways.hears_nothing = True
                for each in gateways.ledgers.values():
                    each.failing = away
            LedgerAs.reach(ledger, what)

        for ledger in gateways.ledgers.values():
            ledger.reach = partial(go_away_before_the_first_attestation, ledger)
        for msp in MEMBERS:
            await gateways.commit(msp, (1, 1, 1, 1), number=1)
        await gateways.until(gone.is_set)
        assert model.round_records[1]["state"] == "SEALED"
        await asyncio.sleep(2.5)
        assert model.attestations == {}
        for ledger in gateways.ledgers.values():
            ledger.failing = None
        gateways.hears_nothing = False
        await gateways.until(lambda: model.state == "COMPLETED")


async def test_a_full_disk_leaves_the_quorum_to_the_others(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    model = calm_ledger(rounds=1)
    async with village(tmp_path, model) as gateways:
        full = gateways.exchanges[ALDER]

        async def refuse(*_: object, **__: object) -> None:
            raise NoSpaceError("the disk is full")

        full.fetch = full.fetch_all = refuse
        await gateways.until_open(1)
        for msp in MEMBERS:
            await gateways.commit(msp, (1, 1, 1, 1), number=1)
        await gateways.until(lambda: model.state == "COMPLETED")

    assert (1, 1, ALDER) not in model.attestations
    assert "was not attested in attempt 1: NO_SPACE: the disk is full" in caplog.text


async def test_two_of_four_that_see_other_bytes_end_in_a_dispute(tmp_path: Path):
    model = calm_ledger(rounds=1)
    async with village(tmp_path, model, ALDER, BIRCH) as gateways:
        await gateways.until_open(1)
        for msp in MEMBERS:
            await gateways.commit(msp, (1, 1, 1, 1), number=1)
        await gateways.until(lambda: model.round_records[1]["state"] == "SEALED")
        for attempt in (1, 2, 3):
            await gateways.until(lambda a=attempt: model.round_records[1]["attempt"] == a)
            for msp in (CEDAR, DEODAR):
                model.attest(1, msp, attempt=attempt, model=digest_of(b"other"), excluded=[], now=10**13)
            gateways.tell()
        await gateways.until(lambda: model.round_records[1]["state"] == "DISPUTED")

    assert model.state == "RUNNING"


async def test_every_member_comes_to_hold_plan_and_initial_model_before_anything_runs(tmp_path: Path):
    model = calm_ledger()
    model.state = "PROPOSED"
    async with village(tmp_path, model) as gateways:
        await gateways.until(lambda: all(holds_everything(house) for house in gateways.houses.values()))

    assert model.round_records == {}


async def test_what_nobody_had_is_asked_for_again_without_any_change_of_the_study(tmp_path: Path):
    model = calm_ledger()
    model.state = "PROPOSED"
    async with village(tmp_path, model, BIRCH) as gateways:
        birch, plan = gateways.houses[BIRCH], gateways.houses[BIRCH].context.state.studies[STUDY].study.terms.plan
        asked = 0

        async def nobody_at_first(digest: str, label: object, *, within: float) -> None:
            nonlocal asked
            asked += 1
            if asked == 1:
                raise UnreachableError("the author's gateway is not up yet")
            await original(digest, label, within=within)

        original, gateways.exchanges[BIRCH].fetch_named = gateways.exchanges[BIRCH].fetch_named, nobody_at_first
        await gateways.until(lambda: birch.store.has(plan))

    assert asked == 2


async def test_the_last_final_model_reaches_members_that_attest_nothing(tmp_path: Path):
    model = calm_ledger(rounds=1, attesters=MEMBERS[:3], m=2)
    async with village(tmp_path, model) as gateways:
        await gateways.until(lambda: holds_everything(gateways.houses[DEODAR]))
        await gateways.until_open(1)
        for msp in MEMBERS:
            await gateways.commit(msp, (1, 1, 1, 1), number=1)
        await gateways.until(lambda: model.state == "COMPLETED")
        await gateways.until(lambda: gateways.houses[DEODAR].store.has(model.round_records[1]["model"]))


async def test_a_rejected_study_is_followed_again_when_it_is_proposed_anew(tmp_path: Path):
    model = calm_ledger()
    model.state = "REJECTED"
    async with village(tmp_path, model) as gateways:
        await asyncio.sleep(0.1)
        model.state = "RUNNING"
        gateways.tell()
        await gateways.until_open(1)


async def test_a_defect_ends_the_process(tmp_path: Path):
    house = await House.build(tmp_path, plain_ledger())
    house.ledger.reach = lambda *_: (_ for _ in ()).throw(ZeroDivisionError())

    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(run(house.context), 60)
    assert caught.group_contains(ZeroDivisionError)


async def test_a_failed_step_is_logged_and_taken_again(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    model = calm_ledger()
    async with village(tmp_path, model, ALDER) as gateways:
        gateways.ledgers[ALDER].failing = UnreachableError("the peer is down")
        told = "Open of heart was not taken: UNREACHABLE: the peer is down"
        await gateways.until(lambda: told in caplog.text)
        gateways.ledgers[ALDER].failing = None
        await gateways.until_open(1)
