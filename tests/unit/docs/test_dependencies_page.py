import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "decisions" / "dependencies.md").read_text(encoding="utf-8")
NAME = re.compile(r"^[A-Za-z0-9._-]+")


def listed(prefix):
    found = []
    for section in PAGE.split("\n## ")[1:]:
        if section.startswith(prefix):
            found += re.findall(r"^\| `([^`]+)` \| (?=\S)", section, re.MULTILINE)
    return found


def python_packages():
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)
    groups = [project["project"]["dependencies"]]
    groups += project["project"]["optional-dependencies"].values()
    groups += project["dependency-groups"].values()
    names = {NAME.match(requirement).group() for group in groups for requirement in group}
    return names - {"quorate"}


def go_modules():
    found = set()
    for module in ("chaincode", "network/embedded", "network/tools"):
        file = ROOT / module / "go.mod"
        text = file.read_text(encoding="utf-8")
        found |= {line.split()[0] for line in re.findall(r"^\t(\S+ v\S+)$", text, re.MULTILINE)}
        tools = re.findall(r"^tool (\S+)$", text, re.MULTILINE)
        required = re.findall(r"^\t(\S+) v", text, re.MULTILINE)
        found |= {module for module in required if any(tool.startswith(f"{module}/") for tool in tools)}
    return found


@pytest.mark.parametrize(("prefix", "wanted"), [("Python", python_packages()), ("Go", go_modules())])
def test_every_direct_dependency_is_listed_once_with_a_reason(prefix, wanted):
    assert len(wanted) > 5
    assert sorted(listed(prefix)) == sorted(wanted)
