"""Loading without torch: these plans never ask for a module."""

from __future__ import annotations

import importlib.metadata

import pytest

from participants.plans.approved import ApprovedPlans, AuthorsOwn
from participants.plans.document import PlanDocument
from participants.plans.errors import PlanNotApprovedError, PlanRefusedError, Refusal
from participants.plans.loader import load_plan

PLAN = """
from participants.plans import Inputs, Plan
from .parts.names import COLUMNS

class Mine(Plan):
    @property
    def inputs(self):
        from .late import low
        return Inputs(columns=COLUMNS, low=low(), high=(1.0,), target="y", classes=("0", "1"))

    def module(self):
        raise NotImplementedError
"""
FILES = {"plan.py": PLAN, "parts/names.py": "COLUMNS = ('a',)\n", "late.py": "def low():\n    return (0.0,)\n"}


def document(files=None, entry_point="plan:Mine", requires=()):
    return PlanDocument(
        name="mine", entry_point=entry_point, files=files or FILES, parameters={"k": "v"}, requires=requires
    ).encode()


def test_code_is_loaded_from_the_document_with_its_relative_imports():
    plan = load_plan(document(), approval=AuthorsOwn())
    assert plan.inputs.columns == ("a",)
    assert plan.parameters == {"k": "v"}


def test_nothing_runs_without_approval(tmp_path):
    store = ApprovedPlans(tmp_path / "plans")
    marker = tmp_path / "ran"
    data = document({"plan.py": f"open({str(marker)!r}, 'w')\n"})
    with pytest.raises(PlanNotApprovedError):
        load_plan(data, approval=store)
    assert not marker.exists()


def test_an_approved_plan_runs_from_the_approved_bytes(tmp_path):
    store = ApprovedPlans(tmp_path)
    data = document()
    digest = store.offer(data)
    store.approve(digest)
    assert load_plan(data, approval=store).inputs.target == "y"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("import nowhere_at_all\n", "ModuleNotFoundError at plan.py:1"),
        ("\n\nraise ValueError('42 is a record')\n", "ValueError at plan.py:3"),
        ("def broken(:\n", "SyntaxError"),
    ],
)
def test_code_that_does_not_load_is_placed_without_its_message(text, place):
    for _ in range(2):  # a failure leaves no half-loaded module behind
        with pytest.raises(PlanRefusedError, match=place) as caught:
            load_plan(document({"plan.py": text}), approval=AuthorsOwn())
        assert caught.value.refusal is Refusal.CODE
        assert "42 is a record" not in caught.value.diagnostics()


@pytest.mark.parametrize("entry_point", ["plan:Nobody", "plan:COLUMNS"])
def test_the_entry_point_must_be_a_plan(entry_point):
    with pytest.raises(PlanRefusedError, match="not a subclass"):
        load_plan(document(entry_point=entry_point), approval=AuthorsOwn())


def test_a_plan_that_cannot_be_created_is_refused():
    broken = PLAN.replace("return Inputs", "raise KeyError('x')\n        return Inputs")
    with pytest.raises(PlanRefusedError, match=r"KeyError at plan\.py:9"):
        load_plan(document(FILES | {"plan.py": broken}), approval=AuthorsOwn())


def test_the_lock_must_be_installed_in_that_version():
    version = importlib.metadata.version("numpy")
    load_plan(document(requires=(f"numpy=={version}", f"numpy=={version} --hash=sha256:00ff")), approval=AuthorsOwn())
    for line in ("numpy==0.0.1", "no-such-package==1", "numpy>=1", "numpy"):
        with pytest.raises(PlanRefusedError) as caught:
            load_plan(document(requires=(line,)), approval=AuthorsOwn())
        assert caught.value.refusal is Refusal.REQUIREMENT
