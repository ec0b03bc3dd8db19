"""The page on deploying shows a file that is taken, and names every key that there is."""

import re

from network.lifecycle.deployment_file import (
    AdminSection,
    ClientTlsSection,
    DeploymentFile,
    MemberSection,
    ServiceSection,
)
from network.lifecycle.rollout import Step
from tests.unit.docs.pages import DOCS, fenced, read

PAGE = read(DOCS / "how-to" / "deploy-the-chaincode.md")


def test_the_deployment_of_the_page_is_taken(tmp_path):
    (text,) = fenced(PAGE, "toml")
    path = tmp_path / "deployment.toml"
    path.write_text(text)
    found = DeploymentFile.load(path)
    assert (found.chaincode, found.version, len(found.members)) == ("quorate", "0.1.0", 1)
    commented = re.search(r"^# (policy = .*)$", text, re.MULTILINE)[1]
    path.write_text(text.replace(f"# {commented}", commented))
    assert b"ChestnutMSP" in DeploymentFile.load(path).definition().policy


def test_every_key_is_named():
    sections = (DeploymentFile, MemberSection, AdminSection, ClientTlsSection, ServiceSection)
    keys = {name for section in sections for name in section.model_fields} - {"schema_"}
    named = set(re.findall(r"\b[a-z][a-z_]*\b", PAGE))
    assert keys - named == set()


def test_every_step_is_shown():
    shown = set(re.findall(r"--step (\w+)", PAGE))
    assert shown == {step.value for step in Step}
