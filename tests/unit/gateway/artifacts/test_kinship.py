from __future__ import annotations

import pytest

from gateway.artifacts.kinship import require_alike
from gateway.artifacts.label import Kind, Label
from quorate.digest import digest_of
from quorate.errors import IntegrityError
from quorate.identifiers import DatasetId, MspId, StudyId

DIGEST = digest_of(b"bytes")
ONE, TWO = StudyId("one"), StudyId("two")


def named(kind: Kind, study: StudyId = ONE, round_: int = 1, msp: str = "AlderMSP") -> Label:
    if kind is Kind.UPDATE:
        return Label(kind=kind, study=study, round=round_, msp=MspId(msp), dataset=DatasetId("rows"))
    return Label(kind=kind, study=study, round=round_ if kind is Kind.FINAL_MODEL else 0)


@pytest.mark.parametrize("label", [named(kind, study) for kind in Kind for study in (ONE, TWO) if kind != Kind.UPDATE])
def test_an_update_is_nothing_else(label: Label) -> None:
    """Else whoever proposes a study reads any update before its seal, by naming it as the plan."""
    for held, wanted in ((named(Kind.UPDATE), label), (label, named(Kind.UPDATE))):
        with pytest.raises(IntegrityError, match="so it cannot be"):
            require_alike(DIGEST, [held], wanted)


@pytest.mark.parametrize("label", [named(Kind.UPDATE, TWO), named(Kind.UPDATE, ONE, 2)])
def test_an_update_belongs_to_one_round(label: Label) -> None:
    with pytest.raises(IntegrityError):
        require_alike(DIGEST, [named(Kind.UPDATE)], label)


def test_a_copy_in_the_same_round_can_be_read_and_refused() -> None:
    require_alike(DIGEST, [named(Kind.UPDATE)], named(Kind.UPDATE, msp="BirchMSP"))


@pytest.mark.parametrize("held", [named(Kind.INITIAL_MODEL), named(Kind.FINAL_MODEL)])
@pytest.mark.parametrize("label", [named(kind, TWO) for kind in Kind])
def test_a_model_serves_no_other_study(held: Label, label: Label) -> None:
    with pytest.raises(IntegrityError):
        require_alike(DIGEST, [held], label)


@pytest.mark.parametrize("kind", [Kind.PLAN, Kind.EVALUATION])
def test_plans_and_evaluation_sets_may_serve_several_studies(kind: Kind) -> None:
    require_alike(DIGEST, [named(kind)], named(kind, TWO))
    require_alike(DIGEST, [], named(kind))
