"""Members that commit, and then serve their bytes to some attesters only, or other bytes to each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.aggregator.attest import Attester
from gateway.aggregator.decide import Attest
from gateway.aggregator.settled import settled
from gateway.artifacts.label import Kind, Label
from quorate.digest import digest_of
from quorate.identifiers import DatasetId, MspId, RoundNumber, StudyId
from tests.unit.gateway.aggregator.house import House, initial_model, plain_ledger, seal_with, update_of
from tests.unit.gateway.aggregator.ledger_model import DATASET, EPOCH, MEMBERS, STUDY, LedgerModel

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from quorate.records.round import RoundView

ALDER, BIRCH, CEDAR, DEODAR = MEMBERS
ELDER = MspId("ElderMSP")
BASE = digest_of(initial_model())
UPDATES = {msp: update_of(msp, (4, 0, -4, 8), base=BASE) for msp in (*MEMBERS, ELDER)}


def consortium() -> LedgerModel:
    """Return a ledger on which Deodar and Elder have two updates, and attest nothing."""
    return plain_ledger(participants=(*MEMBERS, ELDER))


async def honest(tmp_path: Path, model: LedgerModel, *served: bytes) -> dict[MspId, House]:
    houses = {msp: await House.build(tmp_path, model, msp) for msp in (ALDER, BIRCH, CEDAR)}
    for house in houses.values():
        await house.keep_initial_model()
        house.exchange.serves = {digest_of(data): data for data in served}
    return houses


async def all_attest(houses: Iterable[House], attempt: int) -> None:
    for house in houses:
        await house.look()
        # What a gateway does; its failures are logged and tried again, which would never end here.
        await Attester(house.context, StudyId(STUDY))._recompute_and_say(Attest(RoundNumber(1), attempt))


def retried(model: LedgerModel, houses: Iterable[House]) -> None:
    ended = model.round_records[1]["attest_by"]
    model.retry(1, attempt=model.round_records[1]["attempt"], now=ended)
    for house in houses:
        house.clock.now = ended


def view_of(model: LedgerModel) -> RoundView:
    view = model.round_view(1)
    assert view is not None
    return view


def left_out(**reasons: str) -> dict[tuple[str, str], str]:
    return {(f"{name}MSP", DATASET): reason for name, reason in reasons.items()}


async def test_who_serves_one_attester_in_each_attempt_divides_them_once(tmp_path: Path):
    model = consortium()
    seal_with(model, UPDATES)
    houses = await honest(tmp_path, model, *(UPDATES[msp] for msp in (ALDER, BIRCH, CEDAR)))
    first, second = UPDATES[DEODAR], UPDATES[ELDER]
    houses[ALDER].exchange.serves[digest_of(first)] = first

    await all_attest(houses.values(), 1)
    retried(model, houses.values())
    assert settled(view_of(model)) == left_out(Elder="unavailable")
    for house in houses.values():
        house.exchange.serves[digest_of(first)] = first  # from Alder, which has it
    houses[BIRCH].exchange.serves[digest_of(second)] = second
    await all_attest(houses.values(), 2)
    model.finalize(1, now=houses[ALDER].clock.now)

    final = view_of(model).round
    assert (final.state, final.attempt) == ("FINAL", 2)
    assert [(left.msp, left.reason) for left in final.excluded] == [(ELDER, "unavailable")]


async def test_bytes_that_only_some_can_have_divide_attesters_once(tmp_path: Path):
    """An update of another study is here where that one's attesters are; its writer need not show it to others."""
    model = consortium()
    elsewhere = update_of(DEODAR, (4, 0, -4, 8), base=BASE, study="heard")
    seal_with(model, UPDATES | {DEODAR: elsewhere})
    houses = await honest(tmp_path, model, *(UPDATES[msp] for msp in (ALDER, BIRCH, CEDAR, ELDER)))
    label = Label(kind=Kind.UPDATE, study=StudyId("heard"), round=1, msp=DEODAR, dataset=DatasetId(DATASET))
    await houses[ALDER].store.put_bytes(label, elsewhere)

    await all_attest(houses.values(), 1)
    said = {msp: model.attestations[1, 1, msp]["excluded"][0]["reason"] for msp in houses}
    assert said == {ALDER: "invalid", BIRCH: "unavailable", CEDAR: "unavailable"}
    retried(model, houses.values())
    await all_attest(houses.values(), 2)
    model.finalize(1, now=houses[ALDER].clock.now)

    final = view_of(model).round
    assert (final.state, final.attempt) == ("FINAL", 2)
    assert [(left.msp, left.reason) for left in final.excluded] == [(DEODAR, "unavailable")]


def view_after(*attempts: dict[MspId, list[tuple[MspId, str]]], attempt: int, **changed: Any) -> RoundView:
    model = plain_ledger(**changed)
    seal_with(model, {msp: UPDATES[msp] for msp in MEMBERS})
    for number, said in enumerate(attempts, 1):
        model.round_records[1]["attempt"] = number
        for msp, left in said.items():
            excluded = [{"msp": seat, "dataset": DATASET, "reason": reason} for seat, reason in left]
            model.attest(1, msp, attempt=number, model=BASE, excluded=excluded, now=EPOCH + 3000)
    model.round_records[1]["attempt"] = attempt
    return view_of(model)


GONE, WRONG = (DEODAR, "unavailable"), (DEODAR, "invalid")


def test_fewer_than_m_settle_nothing():
    assert settled(view_after({ALDER: [GONE], BIRCH: [GONE], CEDAR: []}, attempt=2)) == {}


def test_different_reasons_are_one():
    assert settled(view_after({ALDER: [WRONG], BIRCH: [GONE], CEDAR: [WRONG]}, attempt=2)) == left_out(
        Deodar="unavailable"
    )
    assert settled(view_after({ALDER: [WRONG], BIRCH: [WRONG], CEDAR: [WRONG]}, attempt=2)) == left_out(
        Deodar="invalid"
    )


def test_what_one_attempt_settled_holds_in_all_that_follow():
    first = {ALDER: [GONE], BIRCH: [GONE], CEDAR: [GONE]}
    assert settled(view_after(first, {ALDER: [GONE]}, attempt=3)) == left_out(Deodar="unavailable")


def test_the_attempt_in_progress_settles_nothing():
    """Else it would depend on who attests first."""
    assert settled(view_after({ALDER: [GONE], BIRCH: [GONE], CEDAR: [GONE]}, attempt=1)) == {}


def test_only_one_attempt_counts_at_a_time():
    assert settled(view_after({ALDER: [GONE], BIRCH: [GONE]}, {CEDAR: [GONE]}, attempt=3)) == {}


def test_strangers_settle_nothing():
    view = view_after({ALDER: [GONE], BIRCH: [GONE], CEDAR: [GONE]}, attempt=2)
    fewer = view.round.model_copy(update={"attesters": [ALDER, BIRCH, DEODAR]})
    assert settled(view.model_copy(update={"round": fewer})) == {}
