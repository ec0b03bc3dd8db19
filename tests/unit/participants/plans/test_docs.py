"""The tutorial and the how-to, run as they are written."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

pytestmark = pytest.mark.torch
pytest.importorskip("torch")

from participants.plans.commands import group  # noqa: E402
from participants.plans.scaffold import write_template  # noqa: E402

DOCS = Path(__file__).parents[4] / "docs"


def blocks(page):
    return re.findall(r"^```(\w+)\n(.*?)^```$", (DOCS / page).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


def run(line):
    program, command, *arguments = shlex.split(line.removeprefix("$ "))
    assert (program, command) == ("quorate", "plan")
    result = CliRunner().invoke(group, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def commands(text):
    return [line for line in text.splitlines() if line.startswith("$ ")]


def test_the_tutorial(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = []
    for language, text in blocks("tutorial/first-plan.md"):
        if language == "python":
            exec(compile(text, "tutorial", "exec"), {})  # noqa: S102 - the page's own code
        elif language == "toml":
            manifest = Path("my-plan/plan.toml")
            kept = manifest.read_text().partition("[[parameters.columns]]")[0]
            manifest.write_text(kept + text)
        else:
            said += [run(line) for line in commands(text)]
    new, check, private, loud, plain, written = said
    assert "plan.toml" in new
    assert check.split()[1] == written.split()[1]  # the digest
    accuracies = [float(text.split("8 ", 1)[1].split()[0]) for text in map(last_row, (private, loud, plain))]
    assert accuracies[0] > 0.85
    assert accuracies[1] < accuracies[0] - 0.1
    assert accuracies[2] > 0.85
    assert Path("my-plan.json").stat().st_size < 8192


def last_row(table):
    return next(line.strip() for line in table.splitlines() if line.strip().startswith("8 "))


def test_the_how_to(tmp_path, monkeypatch):
    write_template(tmp_path, data=None, target="")  # for its example.csv
    monkeypatch.chdir(tmp_path)
    for language, text in blocks("how-to/bring-your-own-module.md"):
        if language in {"python", "toml"}:
            Path("plan.py" if language == "python" else "plan.toml").write_text(text)
        else:
            said = [run(line) for line in commands(text)]
    assert "my-net" in said[0]
