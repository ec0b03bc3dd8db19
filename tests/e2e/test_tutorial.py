"""The tutorial of the demo, as it is written, against a smaller demo that keeps running."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.unit.docs.pages import DOCS, fenced, read, section, tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.torch, pytest.mark.timeout(1800)]

PAGE = read(DOCS / "tutorial" / "demo.md")
SHOWN = "/tmp/consortium"  # noqa: S108 - what the page says, replaced here
STEPS = ("1. ", "2. ", "3. ", "4. ", "5. ", "6. ")
STUDY_PAGE = read(DOCS / "how-to" / "run-a-study.md")
STUDY_STEPS = ("3. ", "4. ", "5. ")


def quorate(*arguments: str, cwd: Path | None = None) -> str:
    finished = subprocess.run(
        [sys.executable, "-m", "quorate", *arguments],
        env=os.environ | {"COLUMNS": "200"},
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert finished.returncode == 0, f"{arguments}: {finished.stdout}\n{finished.stderr}"
    return finished.stdout


def commands(page: str, steps: tuple[str, ...]) -> list[str]:
    headings = [heading for heading in re.findall(r"^## (.+)$", page, re.MULTILINE) if heading.startswith(steps)]
    assert len(headings) == len(steps)
    return [
        line.removeprefix("$ quorate ")
        for heading in headings
        for block in fenced(section(page, heading), "console")
        for line in block.replace("\\\n", " ").splitlines()
    ]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, embedded_program: Path) -> Iterator[Path]:  # noqa: ARG001
    out = tmp_path_factory.mktemp("tutorial") / "consortium"
    quorate("demo", "--keep", "--members", "3", "--rounds", "1", "--out", str(out))
    yield out
    quorate("demo", "--stop", "--out", str(out))


def test_every_command_of_the_tutorial_answers(demo: Path) -> None:
    genesis = json.loads((demo / "summary.json").read_text())["ledger"]["genesis"]
    said = {}
    for line in commands(PAGE, STEPS):
        here = re.sub(r"sha256:[0-9a-f]{64}", genesis, line.replace(SHOWN, str(demo)))
        said[" ".join(line.split()[:2])] = quorate(*shlex.split(here))
    assert len(said) > 8
    assert "BirchMSP" in said["consortium show"]
    assert "records" in said["dataset list"]
    assert "COMPLETED" in said["study show"]
    assert "GRANTED" in said["round show"]
    assert "proof" in said["round receipt"]
    assert "ChestnutMSP" in said["privacy show"]
    assert "ε = 1.9899" in said["privacy quote"]
    assert "verified" in said["audit verify"]


def test_the_directory_holds_what_the_tutorial_says(demo: Path) -> None:
    rows = tables(section(PAGE, "What lies in the directory"))[0][1:]
    names = [name for row in rows for name in re.findall(r"`([^`]+)`", row[0])]
    assert len(names) > 5
    for name in names:
        assert (demo / name.replace("NAME", "Alder")).exists(), name


class Rehearsal:
    """The how-to on the members of a demo: each command as often, and by whom, as the page says."""

    def __init__(self, demo: Path, place: Path) -> None:
        self.demo, self.place, self.members = demo, place, ("Alder", "Birch", "Chestnut")
        self.said: dict[str, str] = {}

    def run(self, line: str) -> None:
        words = line.split()
        step = " ".join(words[:2])
        if step == "plan draft":
            line = re.sub(r"--rounds \d+", "--rounds 1", f"{line} --participant ChestnutMSP/records")
        if step == "study accept":
            self.approve()
        for member in self.members if step in {"study vote", "study accept"} else self.members[:1]:
            profiles = self.demo / "members" / member / "profiles"
            here = re.sub(r"--profile (\w+\.toml)", rf"--profile {profiles}/\1", line)
            if "sha256:" in here:
                here = re.sub(r"sha256:[0-9a-f]{64}", self.digest(words[0]), here)
            self.said[step] = self.until_fetched(here) if step == "study accept" else self.quorate(here)

    def quorate(self, line: str) -> str:
        return quorate(*shlex.split(line), cwd=self.place)

    def digest(self, kind: str) -> str:
        """Return what the page's example digest stands for: the terms', or the model's."""
        profile = self.demo / "members" / "Alder" / "profiles" / "steward.toml"
        if kind == "study":
            view = json.loads(self.quorate(f"study show heart-2026 --format json --profile {profile}"))
            return view["study"]["terms_digest"]
        return json.loads(self.quorate(f"model list heart-2026 --format json --profile {profile}"))[-1]["model"]

    def approve(self) -> None:
        digest = json.loads(self.quorate("plan check my-plan --format json"))["digest"]
        for member in self.members:
            self.quorate(f"plan approve {digest} --plan my-plan --store {self.demo}/members/{member}/plans")

    def until_fetched(self, line: str) -> str:
        """Repeat what is refused until the member's gateway has fetched what the study names."""
        end = time.monotonic() + 300
        while True:
            try:
                return self.quorate(line)
            except AssertionError as error:
                if "your gateway does not hold" not in str(error) or time.monotonic() > end:
                    raise


def test_a_study_runs_as_its_how_to_says(demo: Path, tmp_path: Path) -> None:
    (write,) = fenced(section(read(DOCS / "tutorial" / "first-plan.md"), "1. A CSV"), "python")
    subprocess.run([sys.executable, "-c", write], cwd=tmp_path, check=True, timeout=800)
    (tmp_path / "cells.csv").rename(tmp_path / "public.csv")
    rehearsal = Rehearsal(demo, tmp_path)
    rehearsal.quorate("plan new my-plan --data public.csv --target diagnosis")
    lines = commands(STUDY_PAGE, STUDY_STEPS)
    for line in lines:
        rehearsal.run(line)
    assert len(lines) == 15
    assert "COMPLETED" in rehearsal.said["study watch"]
    assert "heart-2026" in rehearsal.said["plan evaluate"]
    assert (tmp_path / "weights.safetensors").exists()
    pulled, drafted = tmp_path / "evaluation.safetensors", tmp_path / "heart-2026" / "evaluation.safetensors"
    assert pulled.read_bytes() == drafted.read_bytes()
    evaluate = "plan evaluate my-plan model.safetensors --format json --data"
    evaluated = json.loads(rehearsal.quorate(f"{evaluate} public.csv"))
    assert json.loads(rehearsal.quorate(f"{evaluate} evaluation.safetensors")) == evaluated
    terms = tomllib.loads((tmp_path / "heart-2026" / "terms.toml").read_text(encoding="utf-8"))
    assert evaluated["evaluation_set"] == terms["evaluation"]["digest"]
    (code,) = fenced(STUDY_PAGE, "python")
    subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | {"PYTHONPATH": "my-plan"}, check=True, timeout=800
    )
