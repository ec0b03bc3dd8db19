import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[4]
DOCKERFILES = [ROOT / "chaincode" / "Dockerfile", ROOT / "gateway" / "Dockerfile"]
LOCKS = [ROOT / "requirements" / "gateway.txt", ROOT / "requirements" / "build.txt"]


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_our_images_run_as_nobody_and_tell_their_health(path):
    lines = path.read_text().splitlines()
    last_stage = lines[max(index for index, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER 65532:65532" in last_stage
    assert any(line.startswith("HEALTHCHECK ") for line in last_stage)


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.parent.name)
def test_every_base_is_an_argument_with_a_pinned_name(path):
    text = path.read_text()
    bases = dict(re.findall(r"^ARG (\w*BASE)=(\S+)$", text, re.MULTILINE))
    used = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert {f"${{{name}}}" for name in bases} == set(used)
    assert all(re.search(r":\w.*\d|:bookworm", name) and "latest" not in name for name in bases.values())


def pins(path):
    """Each requirement of a lock with its marker and hashes."""
    joined = path.read_text().replace("\\\n", " ")
    found = {}
    for line in joined.splitlines():
        if line.strip() and not line.lstrip().startswith("#"):
            pin, *hashes = re.split(r"\s+--hash=", line.split(" #")[0].strip())
            found.setdefault(pin.split(";")[0].strip(), set()).update(hashes)
    return found


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_images_are_built_from_the_versions_that_everything_else_is_locked_to(path):
    everything = pins(ROOT / "requirements" / "all.txt")
    found = pins(path)
    assert found
    assert {pin: everything.get(pin) for pin in found} == found


@pytest.mark.parametrize("extra", ["gateway", "portal"])
def test_the_gateway_lock_has_all_that_a_gateway_and_its_portal_need(extra):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = project["dependencies"] + project["optional-dependencies"][extra]
    locked = {pin.partition("==")[0] for pin in pins(LOCKS[0])}
    assert {Requirement(text).name for text in wanted} - {project["name"]} <= locked, "run scripts/lock_images.sh"
