"""What a study of a plan begins with, and what its model is good for: the commands around a study."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner
from safetensors.numpy import load_file

from participants.data.errors import DataError, DataNotFoundError
from participants.plans.commands import group
from participants.plans.errors import PlanRefusedError
from participants.plans.final import read_integers
from quorate.digest import digest_of
from quorate.errors import AlreadyExistsError, QuorateError, StorageError, UsageError
from quorate.records.study import Terms
from quorate.tensors import Header, Schema, TensorSpec, encode

if TYPE_CHECKING:
    from pathlib import Path

TWO = ("--participant", "BirchMSP/records", "--participant", "AlderMSP/rows")
PRIVATE = ("--expected-batch-size", "25")
SCALE = 24
NET = {
    "network.0.weight": [[1.0, 0.0, 0.0]] * 8,
    "network.0.bias": [0.0] * 8,
    "network.2.weight": [[-1.0] * 8, [1.0] * 8],
    "network.2.bias": [0.0, 0.0],
}


def run(*arguments: object) -> Any:
    result = CliRunner().invoke(group, [*map(str, arguments), "--format", "json"])
    if isinstance(result.exception, QuorateError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def model(path: Path, arrays: dict[str, Any], header: Header | None = None) -> Path:
    """Write a model whose weights are these floats."""
    schema = Schema(tuple(TensorSpec(name, np.shape(array)) for name, array in arrays.items()))
    integers = {name: (np.array(array) * 2**SCALE).astype(np.int64) for name, array in arrays.items()}
    path.write_bytes(encode(schema, header or Header.model(study="heart", round=3, base=digest_of(b"")), integers))
    return path


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    run("new", tmp_path / "plan")
    return tmp_path / "plan"


@pytest.mark.torch
def test_what_is_drafted_can_be_proposed(plan: Path, tmp_path: Path):
    out = tmp_path / "a study"
    made = run(
        "draft", plan, "heart", *TWO, *PRIVATE, "--out", out, "--rounds", 5, "--title", "A “study” @PLAN@",
        "--evaluation", plan / "example.csv",
    )  # fmt: skip
    terms = Terms.of({"schema": Terms.SCHEMA, **tomllib.loads((out / "terms.toml").read_text(encoding="utf-8"))})
    assert made["files"] == ["evaluation.safetensors", "initial.safetensors", "plan.json", "terms.toml"]
    assert {path.name for path in out.iterdir()} == set(made["files"])
    assert terms.plan == made["plan"] == digest_of((out / "plan.json").read_bytes())
    assert terms.model.initial == digest_of((out / "initial.safetensors").read_bytes())
    assert terms.evaluation is not None
    assert terms.evaluation.digest == digest_of((out / "evaluation.safetensors").read_bytes())
    assert [(one.msp, one.dataset) for one in terms.participants] == [("AlderMSP", "rows"), ("BirchMSP", "records")]
    assert (terms.title, terms.rounds, terms.max_rounds) == ("A “study” @PLAN@", 5, 9)
    assert (terms.attesters, terms.m) == (["AlderMSP", "BirchMSP"], 2)
    assert (terms.privacy.expected_batch_size, terms.privacy.sample_rate, terms.privacy.delta) == (25, "1/4", "1e-5")
    with pytest.raises(AlreadyExistsError):
        run("draft", plan, "heart", *TWO, *PRIVATE, "--out", out)


@pytest.mark.torch
def test_a_study_without_privacy_names_no_parameters_and_a_folder_that_cannot_be_is_refused(plan: Path, tmp_path: Path):
    run("draft", plan, "heart", *TWO, "--no-dp", "--out", tmp_path / "bare")
    terms = tomllib.loads((tmp_path / "bare" / "terms.toml").read_text(encoding="utf-8"))
    assert terms["privacy"] == {"mechanism": "none"}
    assert "evaluation" not in terms
    with pytest.raises(StorageError):
        run("draft", plan, "heart", *TWO, "--no-dp", "--out", tmp_path / "not" / "there")


@pytest.mark.torch
def test_a_study_goes_on_from_a_model_of_the_same_form(plan: Path, tmp_path: Path):
    start = model(tmp_path / "model", NET)
    run("draft", plan, "again", *TWO, "--no-dp", "--start", start, "--out", tmp_path / "again")
    found, integers = read_integers(tmp_path / "again" / "initial.safetensors")
    assert found.header == Header.initial_model("again")
    assert {name: (array / 2**SCALE).tolist() for name, array in integers.items()} == NET
    other = model(tmp_path / "other", {"w": [1.0]})
    with pytest.raises(UsageError, match="another form"):
        run("draft", plan, "again", *TWO, "--no-dp", "--start", other, "--out", tmp_path / "no")


@pytest.mark.parametrize(
    ("study", "options", "reason"),
    [
        ("Heart", (*TWO, *PRIVATE), "not an id"),
        ("heart", ("--participant", "AlderMSP", *PRIVATE), "no data set"),
        ("heart", ("--participant", "AlderMSP/a", "--participant", "AlderMSP/b", *PRIVATE), "two organisations"),
        ("heart", TWO, "--expected-batch-size"),
    ],
)
def test_what_cannot_be_a_study_is_refused_before_anything_is_written(
    plan: Path, tmp_path: Path, study: str, options: tuple[str, ...], reason: str
):
    with pytest.raises(UsageError, match=reason):
        run("draft", plan, study, *options, "--out", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.torch
def test_a_model_is_counted_against_records(plan: Path, tmp_path: Path):
    (tmp_path / "few.csv").write_text("a,b,c,label\n1,0,0,yes\n-1,0,0,no\n0.5,0,0,no\n", encoding="utf-8")
    found = run("evaluate", plan, model(tmp_path / "model", NET), "--data", tmp_path / "few.csv")
    assert (found["study"], found["round"], found["correct"], found["records"]) == ("heart", 3, 2, 3)
    assert found["accuracy"] == 0.6667
    out = tmp_path / "drafted"
    run("draft", plan, "heart", *TWO, "--no-dp", "--out", out, "--evaluation", tmp_path / "few.csv")
    again = run("evaluate", plan, tmp_path / "model", "--data", out / "evaluation.safetensors")
    assert again == found
    (tmp_path / "few.safetensors").write_bytes((tmp_path / "few.csv").read_bytes())
    with pytest.raises(DataError, match="not a safetensors file"):
        run("evaluate", plan, tmp_path / "model", "--data", tmp_path / "few.safetensors")
    with pytest.raises(DataNotFoundError):
        run("evaluate", plan, tmp_path / "model", "--data", tmp_path / "none.safetensors")
    with pytest.raises(PlanRefusedError):
        run("evaluate", plan, model(tmp_path / "other", {"w": [1.0]}), "--data", tmp_path / "few.csv")


def test_weights_are_written_as_floats_once(tmp_path: Path):
    path = model(tmp_path / "model", {"a.weight": [[0.5, -0.25]], "a.bias": [1.0]})
    assert run("weights", path, tmp_path / "floats")["tensors"] == {"a.weight": "1x2", "a.bias": "1"}
    found = load_file(tmp_path / "floats")
    assert {name: (array.dtype, array.tolist()) for name, array in found.items()} == {
        "a.weight": (np.dtype("float32"), [[0.5, -0.25]]),
        "a.bias": (np.dtype("float32"), [1.0]),
    }
    with pytest.raises(AlreadyExistsError):
        run("weights", path, tmp_path / "floats")
    with pytest.raises(StorageError):
        run("weights", path, tmp_path / "no" / "floats")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["floats", "model"]


def test_what_is_no_model_is_refused(tmp_path: Path):
    (tmp_path / "text").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "short").write_bytes(model(tmp_path / "model", {"a": [1.0]}).read_bytes()[:-1])
    update = Header.update(study="heart", round=1, msp="AlderMSP", dataset="rows", base=digest_of(b""))
    data = encode(Schema((TensorSpec("a", (1,)),)), update, {"a": np.array([1], np.int32)})
    (tmp_path / "update").write_bytes(data)
    for name, reason in (("text", "no model"), ("short", "no model"), ("update", "one member's update")):
        with pytest.raises(UsageError, match=reason):
            run("weights", tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "out").exists()
