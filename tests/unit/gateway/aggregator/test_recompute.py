from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.aggregator.attest import Finding, recompute
from gateway.aggregator.inputs import Inputs
from gateway.artifacts.label import Kind, Label
from quorate.aggregation import possession
from quorate.digest import digest_of
from quorate.errors import NoSpaceError, NotFoundError
from quorate.identifiers import StudyId
from quorate.records.round import Exclusion
from tests.unit.gateway.aggregator.house import (
    BASE_VALUES,
    House,
    initial_model,
    model_of,
    plain_ledger,
    seal_with,
    update_label,
    update_of,
)
from tests.unit.gateway.aggregator.ledger_model import DATASET, EPOCH, MEMBERS, STUDY, LedgerModel

if TYPE_CHECKING:
    from pathlib import Path

    from quorate.identifiers import MspId

ALDER, BIRCH, CEDAR, DEODAR = MEMBERS
BASE = digest_of(initial_model())
CHANGES = {ALDER: (4, 4, 4, 4), BIRCH: (8, 0, -8, 1), CEDAR: (0, 8, 4, 1)}
UPDATES = {msp: update_of(msp, values, base=BASE) for msp, values in CHANGES.items()}


def left_out(*members: MspId, reason: str) -> tuple[Exclusion, ...]:
    return tuple(Exclusion(msp=msp, dataset=DATASET, reason=reason) for msp in members)


def expected(*members: MspId) -> bytes:
    """Return the model that equally weighted updates of these members make, element by element."""
    columns = zip(BASE_VALUES, *(CHANGES[msp] for msp in members), strict=True)
    return model_of([base + round(sum(changes) / len(members)) for base, *changes in columns], base=BASE)


async def house_of(tmp_path: Path, model: LedgerModel, updates: dict[MspId, bytes]) -> House:
    seal_with(model, updates)
    house = await House.build(tmp_path, model)
    await house.keep_initial_model()
    house.exchange.serves = {digest_of(data): data for data in updates.values()}
    return house


async def found_by(house: House) -> Finding:
    view = house.context.state
    return await recompute(house.context, Inputs.of(view.studies[STUDY], view.rounds[STUDY, 1].round), {})


async def test_all_updates_make_the_model_and_are_possessed(tmp_path: Path):
    house = await house_of(tmp_path, plain_ledger(), UPDATES)

    finding = await found_by(house)

    assert finding.model == digest_of(expected(ALDER, BIRCH, CEDAR))
    assert finding.excluded == ()
    assert [used.msp for used in finding.used] == [ALDER, BIRCH, CEDAR]
    assert finding.possession == possession(ALDER, STUDY, 1, 1, [UPDATES[msp] for msp in (ALDER, BIRCH, CEDAR)])
    labels = house.context.store.labels(digest_of(expected(ALDER, BIRCH, CEDAR)))
    assert {(label.kind, label.round) for label in labels} == {(Kind.FINAL_MODEL, 1)}


async def test_the_order_of_arrival_changes_nothing(tmp_path: Path):
    found = []
    for seed in range(5):
        house = await house_of(tmp_path / str(seed), plain_ledger(), UPDATES)
        shuffler = random.Random(seed)  # noqa: S311 - an order
        house.exchange.order = lambda all_, by=shuffler: by.sample(all_, len(all_))
        found.append(await found_by(house))

    assert len({(finding.model, finding.possession) for finding in found}) == 1


async def test_the_attesters_possession_differs_from_every_other_ones(tmp_path: Path):
    model = plain_ledger()
    seal_with(model, UPDATES)
    proofs = set()
    for msp in MEMBERS:
        house = await House.build(tmp_path, model, msp)
        await house.keep_initial_model()
        house.exchange.serves = {digest_of(data): data for data in UPDATES.values()}
        proofs.add((await found_by(house)).possession)

    assert len(proofs) == len(MEMBERS)


async def test_a_withheld_update_is_unavailable_and_only_after_half_of_the_time(tmp_path: Path):
    model = plain_ledger()
    house = await house_of(tmp_path, model, UPDATES)
    del house.exchange.serves[digest_of(UPDATES[BIRCH])]

    finding = await found_by(house)

    assert finding.excluded == left_out(BIRCH, reason="unavailable")
    assert finding.model == digest_of(expected(ALDER, CEDAR))
    half = EPOCH + model.attest_timeout_ms // 2
    assert half <= house.clock.now < EPOCH + model.attest_timeout_ms
    excluded = [each.model_dump() for each in finding.excluded]
    model.attest(1, ALDER, attempt=1, model=finding.model, excluded=excluded, now=house.clock.now)


async def test_sources_that_all_lie_fail_at_once_and_are_still_reported_only_at_half_time(tmp_path: Path):
    model = plain_ledger()
    house = await house_of(tmp_path, model, UPDATES)
    house.exchange.lies = {digest_of(UPDATES[CEDAR])}

    finding = await found_by(house)

    assert finding.excluded == left_out(CEDAR, reason="unavailable")
    assert house.clock.now >= EPOCH + model.attest_timeout_ms // 2


async def test_without_anything_missing_nothing_is_waited_for(tmp_path: Path):
    house = await house_of(tmp_path, plain_ledger(), UPDATES)

    await found_by(house)

    assert house.clock.now == EPOCH


async def test_a_gateway_that_comes_late_still_has_time_to_fetch(tmp_path: Path):
    house = await house_of(tmp_path, plain_ledger(), UPDATES)
    house.clock.now = EPOCH + 60_000

    await found_by(house)

    assert {within for _, within in house.exchange.asked} == {2.0}


BROKEN = {
    "bound": update_of(BIRCH, (2**20 + 1, 0, 0, 0), base=BASE),
    "round": update_of(BIRCH, (1, 2, 3, 4), base=BASE, round_=2),
    "study": update_of(BIRCH, (1, 2, 3, 4), base=BASE, study="heard"),
    "data set": update_of(BIRCH, (1, 2, 3, 4), base=BASE, dataset="yard"),
    "base": update_of(BIRCH, (1, 2, 3, 4), base=digest_of(b"another")),
    "bytes": bytes(len(UPDATES[BIRCH])),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
async def test_an_update_of_another_form_is_invalid(tmp_path: Path, what: str):
    house = await house_of(tmp_path, plain_ledger(), UPDATES | {BIRCH: BROKEN[what]})

    finding = await found_by(house)

    assert finding.excluded == left_out(BIRCH, reason="invalid")
    assert finding.model == digest_of(expected(ALDER, CEDAR))
    assert finding.possession == possession(ALDER, STUDY, 1, 1, [UPDATES[ALDER], UPDATES[CEDAR]])


async def test_a_copied_update_is_invalid_for_the_copier_and_counts_for_its_author(tmp_path: Path):
    house = await house_of(
        tmp_path, plain_ledger(), {ALDER: UPDATES[BIRCH], BIRCH: UPDATES[BIRCH], CEDAR: UPDATES[CEDAR]}
    )

    finding = await found_by(house)

    assert finding.excluded == left_out(ALDER, reason="invalid")
    assert finding.model == digest_of(expected(BIRCH, CEDAR))


@pytest.mark.parametrize("kind", [Kind.PLAN, Kind.INITIAL_MODEL])
async def test_an_update_counts_also_where_it_was_fetched_as_something_else(tmp_path: Path, kind: Kind):
    """Whoever proposes a study names digests as they like, such as that of an update that was just committed."""
    house = await house_of(tmp_path, plain_ledger(), UPDATES)
    await house.store.put_bytes(Label(kind=kind, study=StudyId("another")), UPDATES[BIRCH])

    finding = await found_by(house)

    assert finding.excluded == ()
    assert finding.model == digest_of(expected(ALDER, BIRCH, CEDAR))
    assert house.clock.now == EPOCH


async def test_another_studys_update_is_invalid_where_it_is_and_where_it_is_fetched(tmp_path: Path):
    for held in (False, True):
        house = await house_of(tmp_path / str(held), plain_ledger(), UPDATES | {BIRCH: BROKEN["study"]})
        if held:
            await house.store.put_bytes(replace(update_label(BIRCH), study=StudyId("heard")), BROKEN["study"])
        assert (await found_by(house)).excluded == left_out(BIRCH, reason="invalid")


async def test_what_is_left_out_is_in_canonical_order_whatever_the_reason(tmp_path: Path):
    updates = UPDATES | {ALDER: update_of(ALDER, (1, 1, 1, 1), base=digest_of(b"another")), DEODAR: bytes(700)}
    house = await house_of(tmp_path, plain_ledger(), updates)
    del house.exchange.serves[digest_of(UPDATES[BIRCH])]

    finding = await found_by(house)

    assert [(each.msp, each.reason) for each in finding.excluded] == [
        (ALDER, "invalid"),
        (BIRCH, "unavailable"),
        (DEODAR, "unavailable"),  # of another size than an update has: no gateway could fetch it
    ]
    assert finding.model == ""


async def test_with_fewer_usable_updates_than_the_minimum_there_is_no_model(tmp_path: Path):
    updates = UPDATES | {BIRCH: BROKEN["bytes"], CEDAR: bytes(len(UPDATES[CEDAR]))}
    house = await house_of(tmp_path, plain_ledger(minimum_commits=2), updates)
    before = set(house.context.store.listing())

    finding = await found_by(house)

    assert (finding.model, finding.excluded) == ("", left_out(BIRCH, CEDAR, reason="invalid"))
    assert finding.possession == possession(ALDER, STUDY, 1, 1, [UPDATES[ALDER]])
    assert {each.label for each in set(house.context.store.listing()) - before} <= {
        update_label(msp) for msp in UPDATES
    }


async def test_without_space_nothing_of_the_model_is_kept(tmp_path: Path):
    model = plain_ledger()
    seal_with(model, UPDATES)
    free = [10_000_000]
    house = await House.build(tmp_path, model, room=lambda _: free[0])
    await house.keep_initial_model()
    for msp, data in UPDATES.items():
        label = update_label(msp)
        await house.keep(data, kind=label.kind, round=1, msp=msp, dataset=label.dataset)
    free[0] = 10

    with pytest.raises(NoSpaceError):
        await found_by(house)

    assert not house.context.store.has(digest_of(expected(ALDER, BIRCH, CEDAR)))


async def test_a_base_that_cannot_be_had_is_an_error_and_no_finding(tmp_path: Path):
    model = plain_ledger()
    seal_with(model, UPDATES)
    house = await House.build(tmp_path, model)

    with pytest.raises(NotFoundError, match="no source served it"):
        await found_by(house)


async def test_what_is_fetched_is_described_as_the_terms_say(tmp_path: Path):
    house = await house_of(tmp_path, plain_ledger(), UPDATES)

    await found_by(house)

    assert [label for label, _ in house.exchange.asked[1:]] == [update_label(msp) for msp in UPDATES]
    assert house.exchange.asked[0][0].kind is Kind.INITIAL_MODEL


async def test_a_base_that_the_study_does_not_know_is_refused(tmp_path: Path):
    model = plain_ledger()
    seal_with(model, UPDATES)
    model.round_records[1]["base"] = digest_of(b"nobody's model")
    house = await House.build(tmp_path, model)

    with pytest.raises(NotFoundError, match="no model of study heart"):
        await found_by(house)
