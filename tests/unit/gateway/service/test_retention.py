from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from gateway.artifacts.label import Description, Kind, Label
from gateway.artifacts.store import ArtifactStore
from gateway.service.config import RetentionSection
from gateway.service.retention import Age, Sweeper, is_over
from gateway.service.state import Projection
from quorate.digest import digest_of
from quorate.errors import StorageError
from quorate.identifiers import DatasetId, MspId, StudyId
from tests.unit.gateway.service.ledger_double import STAMP, LedgerDouble, round_record, study_record

if TYPE_CHECKING:
    from pathlib import Path

    from quorate.records.study import StudyView

STUDY = StudyId("heart")
DAY = 86_400_000
NOW = int(STAMP["claimed_time"]) + DAY
UPDATE = Label(kind=Kind.UPDATE, study=STUDY, round=1, msp=MspId("AlderMSP"), dataset=DatasetId("ward"))
MODEL = Label(kind=Kind.FINAL_MODEL, study=STUDY, round=1)
PLAN = Label(kind=Kind.PLAN, study=STUDY)
BYTES = digest_of(b"bytes")
ALDER, BIRCH = MspId("AlderMSP"), MspId("BirchMSP")
RULES = RetentionSection()


def of(label: Label) -> Description:
    return Description(digest=BYTES, size=5, label=label)


def study(state: str = "RUNNING", round_state: str | None = None, model: str | None = None) -> StudyView:
    rounds = []
    if round_state:
        rounds.append(
            {"round": 1, "state": round_state, "base": digest_of(b"base")} | ({"model": model} if model else {})
        )
    return study_record(state=state, rounds=rounds)


@pytest.mark.parametrize(
    ("round_state", "over"),
    [(None, False), ("OPEN", False), ("SEALED", False), ("DISPUTED", False), ("FINAL", True), ("ABORTED", True)],
)
def test_updates_stay_until_their_round_has_ended(round_state: str | None, over: bool) -> None:  # noqa: FBT001
    age = Age(since=NOW, now=NOW)
    assert is_over(of(UPDATE), study(round_state=round_state), age, RULES, own=ALDER) is over
    longer = RetentionSection(updates_until="study")
    assert not is_over(of(UPDATE), study(round_state=round_state), age, longer, own=ALDER)
    assert is_over(of(UPDATE), study("COMPLETED", round_state), age, longer, own=ALDER)


def test_final_models_stay_while_their_study_lives_and_others_go_with_their_round() -> None:
    age = Age(since=NOW, now=NOW)
    assert not is_over(of(MODEL), study(round_state="SEALED"), age, RULES, own=ALDER)
    assert not is_over(of(MODEL), study(round_state="FINAL", model=BYTES), age, RULES, own=ALDER)
    assert not is_over(of(MODEL), study("COMPLETED", "FINAL", BYTES), age, RULES, own=ALDER)
    assert is_over(of(MODEL), study(round_state="FINAL", model=digest_of(b"another")), age, RULES, own=ALDER)
    assert is_over(of(MODEL), study(round_state="ABORTED"), age, RULES, own=ALDER)


def test_everything_goes_some_days_after_the_study_has_ended() -> None:
    ended = study("COMPLETED", "FINAL", BYTES)
    for label in (PLAN, MODEL):
        assert not is_over(of(label), ended, Age(since=NOW, now=NOW), RULES, own=ALDER)
        assert is_over(of(label), ended, Age(since=NOW, now=NOW + 91 * DAY), RULES, own=ALDER)
        assert not is_over(of(label), study(), Age(since=NOW, now=NOW + 91 * DAY), RULES, own=ALDER)


def test_what_no_study_claims_goes_after_a_week() -> None:
    assert not is_over(of(PLAN), None, Age(since=NOW, now=NOW + 7 * DAY), RULES, own=ALDER)
    assert is_over(of(PLAN), None, Age(since=NOW, now=NOW + 7 * DAY + 1), RULES, own=ALDER)


@pytest.mark.parametrize("kind", [Kind.PLAN, Kind.INITIAL_MODEL, Kind.EVALUATION])
@pytest.mark.parametrize("state", ["PROPOSED", "REJECTED", "RUNNING"])
def test_what_another_organisations_study_names_no_longer_goes_at_once(kind: Kind, state: str) -> None:
    """Else a study that is proposed again and again, with other files each time, would fill its parties' disks."""
    label, age = replace(PLAN, kind=kind), Age(since=NOW, now=NOW)
    assert is_over(of(label), study(state), age, RULES, own=BIRCH)
    assert not is_over(of(label), study(state), age, RULES, own=ALDER)


def test_what_it_names_stays() -> None:
    named = study_record(plan=BYTES, initial=BYTES)
    for kind in (Kind.PLAN, Kind.INITIAL_MODEL):
        assert not is_over(of(replace(PLAN, kind=kind)), named, Age(since=NOW, now=NOW), RULES, own=BIRCH)


async def test_sweeping_removes_what_is_over_and_leaves_the_rest(tmp_path: Path, ledger: LedgerDouble) -> None:
    store = await ArtifactStore.open(tmp_path, reserve=0)
    update, plan = await store.put_bytes(UPDATE, b"update"), await store.put_bytes(PLAN, b"plan")
    ledger.put(study_record(), round_record(state="FINAL", model=BYTES))
    state = Projection(MspId("AlderMSP"), ledger)
    await state.load()
    told: list[tuple[Description, str]] = []

    async def deleted(description: Description, basis: str) -> None:
        told.append((description, basis))

    sweeper = Sweeper(store, state, _Clock(), rules=RULES, unfinished_seconds=60, deleted=deleted)
    assert await sweeper.sweep() == 1
    assert not store.has(update)
    assert store.has(plan)
    assert await sweeper.sweep() == 0
    [(description, basis)] = told
    assert (description.digest, description.label) == (update, UPDATE)
    assert basis == "retention: updates until round, the rest 90 days after the study; the study is RUNNING"


async def test_what_cannot_be_recorded_is_not_removed(tmp_path: Path, ledger: LedgerDouble) -> None:
    store = await ArtifactStore.open(tmp_path, reserve=0)
    update = await store.put_bytes(UPDATE, b"update")
    ledger.put(study_record(), round_record(state="FINAL", model=BYTES))
    state = Projection(MspId("AlderMSP"), ledger)
    await state.load()

    async def deleted(_description: Description, _basis: str) -> None:
        raise StorageError("the log's disk is full")

    sweeper = Sweeper(store, state, _Clock(), rules=RULES, unfinished_seconds=60, deleted=deleted)
    assert await sweeper.sweep() == 0
    assert store.has(update)


class _Clock:
    def __call__(self) -> int:
        return NOW

    async def sleep_until(self, moment: int) -> None:
        raise AssertionError(moment)
