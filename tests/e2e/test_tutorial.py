"""The tutorial of the demo, as it is written, against a smaller demo that keeps running."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
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


def quorate(*arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-m", "quorate", *arguments],
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert finished.returncode == 0, f"{arguments}: {finished.stdout}\n{finished.stderr}"
    return finished.stdout


def commands() -> list[str]:
    headings = re.findall(r"^## (.+)$", PAGE, re.MULTILINE)
    steps = [heading for heading in headings if heading.startswith(STEPS)]
    assert len(steps) == len(STEPS)
    return [
        line.removeprefix("$ quorate ")
        for step in steps
        for block in fenced(section(PAGE, step), "console")
        for line in block.splitlines()
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
    for line in commands():
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
