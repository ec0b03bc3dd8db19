from __future__ import annotations

import pytest

from gateway.artifacts.access import Facts, may_read, opening
from gateway.artifacts.label import Kind, Label
from quorate.digest import Digest, digest_of
from quorate.identifiers import DatasetId, MspId, StudyId
from tests.unit.gateway.service.ledger_double import round_record, study_record

ALDER, BIRCH, CEDAR, DOGWOOD = (MspId(f"{name}MSP") for name in ("Alder", "Birch", "Cedar", "Dogwood"))
STUDY = StudyId("heart")
UPDATE = Label(kind=Kind.UPDATE, study=STUDY, round=1, msp=ALDER, dataset=DatasetId("ward"))
MODEL = Label(kind=Kind.FINAL_MODEL, study=STUDY, round=1)
PLAN = Label(kind=Kind.PLAN, study=STUDY)
INITIAL = Label(kind=Kind.INITIAL_MODEL, study=STUDY)
EVALUATION = Label(kind=Kind.EVALUATION, study=STUDY)
BYTES, OTHER = digest_of(b"the bytes"), digest_of(b"other bytes")


def facts(*, state: str | None = None, included: dict[str, str] | None = None, model: str | None = None) -> Facts:
    found = None if state is None else round_record(state=state, included=included, model=model)
    return Facts(own=ALDER, study=study_record(), round=found)


@pytest.mark.parametrize("state", [None, "OPEN", "SEALED", "FINAL", "DISPUTED", "ABORTED"])
def test_a_writers_organisation_always_reads_its_update(state: str | None) -> None:
    assert may_read(ALDER, BYTES, UPDATE, facts(state=state))


def test_whoever_copied_an_update_does_not_read_it_elsewhere_as_its_own() -> None:
    copy = Label(kind=Kind.UPDATE, study=STUDY, round=1, msp=DOGWOOD, dataset=DatasetId("ward"))
    assert not may_read(DOGWOOD, BYTES, copy, facts(state="SEALED", included={"AlderMSP": BYTES}))


def test_what_the_own_agent_wrote_is_opened_as_nothing_else() -> None:
    copy = Label(kind=Kind.UPDATE, study=STUDY, round=1, msp=BIRCH, dataset=DatasetId("ward"))
    assert opening({UPDATE, copy}, ALDER) == [UPDATE]
    assert opening({UPDATE, copy}, CEDAR) == [UPDATE, copy]


@pytest.mark.parametrize(
    ("state", "allowed"),
    [(None, False), ("OPEN", False), ("SEALED", True), ("FINAL", True), ("DISPUTED", True), ("ABORTED", False)],
)
@pytest.mark.parametrize("reader", [BIRCH, CEDAR])
def test_attesters_read_a_sealed_update_and_nothing_before(reader: MspId, state: str | None, allowed: bool) -> None:  # noqa: FBT001
    assert may_read(reader, BYTES, UPDATE, facts(state=state, included={"AlderMSP": BYTES})) is allowed


def test_nobody_else_reads_an_update_ever() -> None:
    assert not may_read(DOGWOOD, BYTES, UPDATE, facts(state="FINAL", included={"AlderMSP": BYTES}))


@pytest.mark.parametrize("included", [{}, {"AlderMSP": OTHER}, {"BirchMSP": BYTES}])
def test_an_update_that_the_seal_does_not_include_stays_closed(included: dict[str, str]) -> None:
    assert not may_read(BIRCH, BYTES, UPDATE, facts(state="SEALED", included=included))


@pytest.mark.parametrize(("reader", "allowed"), [(ALDER, True), (BIRCH, True), (CEDAR, True), (DOGWOOD, False)])
def test_a_final_model_is_for_participants_and_attesters(reader: MspId, allowed: bool) -> None:  # noqa: FBT001
    assert may_read(reader, BYTES, MODEL, facts(state="FINAL", model=BYTES)) is allowed


@pytest.mark.parametrize(("state", "model"), [(None, None), ("OPEN", None), ("SEALED", None), ("FINAL", OTHER)])
def test_a_model_that_is_not_final_is_closed_even_to_its_maker(state: str | None, model: str | None) -> None:
    assert not may_read(ALDER, BYTES, MODEL, facts(state=state, model=model))


@pytest.mark.parametrize(
    ("label", "named"), [(PLAN, digest_of(b"plan")), (INITIAL, digest_of(b"initial")), (EVALUATION, None)]
)
def test_what_the_terms_name_is_for_those_who_take_part(label: Label, named: Digest | None) -> None:
    if named:
        assert may_read(BIRCH, named, label, facts())
        assert may_read(CEDAR, named, label, facts())
        assert not may_read(DOGWOOD, named, label, facts())
    assert not may_read(BIRCH, OTHER, label, facts())


@pytest.mark.parametrize(
    ("own", "state", "allowed"),
    [(ALDER, "PROPOSED", True), (CEDAR, "PROPOSED", False), (CEDAR, "REJECTED", False), (CEDAR, "APPROVED", True)],
)
def test_before_a_vote_only_the_proposer_hands_out_what_it_names(own: MspId, state: str, allowed: bool) -> None:  # noqa: FBT001
    study = study_record(state=state)
    assert study.study.proposer == ALDER
    assert may_read(BIRCH, digest_of(b"plan"), PLAN, Facts(own=own, study=study)) is allowed


@pytest.mark.parametrize("label", [PLAN, INITIAL, EVALUATION])
def test_who_keeps_a_plan_reads_it_before_there_is_a_study(label: Label) -> None:
    unknown = Facts(own=ALDER)
    assert may_read(ALDER, BYTES, label, unknown)
    assert not may_read(BIRCH, BYTES, label, unknown)


@pytest.mark.parametrize("label", [UPDATE, MODEL, PLAN, INITIAL, EVALUATION])
def test_a_stranger_reads_nothing_whatever_the_ledger_says(label: Label) -> None:
    everything = facts(state="FINAL", included={"AlderMSP": BYTES}, model=BYTES)
    assert not may_read(DOGWOOD, BYTES, label, everything)
    assert not may_read(DOGWOOD, BYTES, label, Facts(own=ALDER))
