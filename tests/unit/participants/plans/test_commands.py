"""The commands that need no torch: new, approve, list, and how each fails."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from participants.plans.commands import group
from participants.plans.document import parse_document, read_directory
from participants.plans.shipped.catalogue import names, shipped
from participants.plans.sources import open_plan
from quorate.errors import AlreadyExistsError, IntegrityError, NotFoundError, QuorateError, UsageError


def run(*arguments):
    result = CliRunner().invoke(group, [str(argument) for argument in arguments])
    if isinstance(result.exception, QuorateError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_listing_and_approving_imports_no_torch():
    program = (
        "import sys, participants.plans, participants.plans.commands, participants.training.child;"
        "from participants.plans.shipped.catalogue import shipped; shipped('heart').encode();"
        "sys.exit('torch' in sys.modules or 'sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_new_writes_a_plan_with_an_example(tmp_path):
    directory = tmp_path / "My first plan"
    made = json.loads(run("new", directory, "--format", "json"))
    assert made["files"] == ["example.csv", "plan.py", "plan.toml"]
    assert read_directory(directory).name == "my-first-plan"


def test_new_takes_columns_and_classes_but_no_ranges_from_a_csv(tmp_path):
    data = tmp_path / "own.csv"
    data.write_text('height,weight,"the class"\n180,80,1\n170,99,0\n')
    run("new", tmp_path / "plan", "--data", data, "--target", "the class")
    document = read_directory(tmp_path / "plan")
    assert document.parameters["columns"] == [
        {"name": "height", "low": "0", "high": "1"},
        {"name": "weight", "low": "0", "high": "1"},
    ]
    assert document.parameters["target"] == "the class"
    assert document.parameters["classes"] == ["0", "1"]
    assert "180" not in document.encode().decode()


def test_new_never_overwrites(tmp_path):
    (tmp_path / "mine.txt").write_text("")
    with pytest.raises(AlreadyExistsError):
        run("new", tmp_path)


def test_new_wants_data_and_target_together(tmp_path):
    with pytest.raises(UsageError):
        run("new", tmp_path / "p", "--data", tmp_path / "x.csv")


@pytest.mark.parametrize("arguments", [("check", "nowhere"), ("simulate", "nowhere", "--data", "x.csv")])
def test_a_plan_that_is_not_there_is_told_before_torch_is_imported(arguments):
    code = "import sys; from quorate.cli import main; sys.exit(main(sys.argv[1:]) + ('torch' in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code, "plan", *arguments], capture_output=True, text=True, timeout=600, check=False
    )
    assert (done.returncode, done.stderr.partition(":")[0]) == (5, "NOT_FOUND")


def test_approve_then_list(tmp_path):
    plan = shipped("heart")
    assert run("list", "--store", tmp_path, "--format", "jsonl") == ""
    run("approve", plan.digest, "--plan", "heart", "--store", tmp_path)
    (row,) = json.loads(run("list", "--store", tmp_path, "--format", "json"))
    assert row == {"digest": plan.digest, "name": "heart", "entry_point": "heart:Heart", "state": "approved"}


def test_approve_refuses_another_digest(tmp_path):
    with pytest.raises(IntegrityError):
        run("approve", shipped("digits").digest, "--plan", "heart", "--store", tmp_path)
    with pytest.raises(UsageError):
        run("approve", "heart", "--plan", "heart", "--store", tmp_path)


def test_a_plan_is_a_directory_a_document_or_a_name(tmp_path):
    run("new", tmp_path / "plan")
    written = tmp_path / "plan.json"
    written.write_bytes(read_directory(tmp_path / "plan").encode())
    assert open_plan(str(written)).digest == open_plan(str(tmp_path / "plan")).digest
    with pytest.raises(NotFoundError, match="neither"):
        open_plan("nothing-of-that-name")


@pytest.mark.parametrize("name", names())
def test_shipped_plans_are_small_canonical_documents(name):
    data = shipped(name).encode()
    assert parse_document(data) == shipped(name)
    assert len(data) < 16_384
    assert [line.partition("==")[0] for line in shipped(name).requires] == [
        "numpy",
        "opacus",
        "pytorch-lightning",
        "torch",
    ]
