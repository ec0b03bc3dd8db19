"""The files and pieces of code that the how-to pages show are taken by the programs they are for."""

import os
import tomllib

import pytest

from gateway.service.config import GatewayConfig
from network.identity.fabric_ca.profile import CaProfile
from participants.data.fingerprint import KEY_SIZE
from quorate.policy import parse
from quorate.records.dataset import Register
from tests.unit.docs.pages import DOCS, ROOT, fenced, read

HOW_TO = DOCS / "how-to"


@pytest.fixture
def no_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("QUORATE_")]:
        monkeypatch.delenv(name)


@pytest.mark.usefixtures("no_environment")
def test_the_gateways_configuration_is_complete():
    (text,) = fenced(read(HOW_TO / "run-a-gateway.md"), "toml")
    config = GatewayConfig(**tomllib.loads(text))
    assert (config.msp, config.announce) == ("AlderMSP", "gateway.alder.example:7443")


def test_the_data_set_can_be_registered():
    (text,) = fenced(read(HOW_TO / "run-an-agent.md"), "toml")
    document = Register.of({"schema": Register.SCHEMA} | tomllib.loads(text))
    assert (document.dataset, document.cap.epsilon, document.cap.delta) == ("records", "2", "1e-5")


def test_the_fingerprint_is_computed(tmp_path, monkeypatch, capsys):
    (code,) = fenced(read(HOW_TO / "run-an-agent.md"), "python")
    (tmp_path / "records.csv").write_text("age,label\n50,1\n61,0\n")
    (tmp_path / "fingerprint.key").write_bytes(bytes(KEY_SIZE))
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "how-to", "exec"), {})  # noqa: S102 - the page's own code
    assert capsys.readouterr().out.startswith("sha256:")


def test_the_rules_for_older_policies_are_those_of_the_default():
    (rules,) = fenced(read(HOW_TO / "stop-a-study.md"), "cedar")
    default = read(ROOT / "chaincode" / "authz" / "default.cedar")
    assert rules in default
    parse(default.replace(rules, ""))  # what is left is a policy set, to which they can be added


def test_the_file_of_a_fabric_ca_is_complete(tmp_path):
    (text,) = fenced(read(HOW_TO / "identities-from-fabric-ca.md"), "toml")
    (tmp_path / "ca.toml").write_text(text, encoding="utf-8")
    profile = CaProfile.load(tmp_path / "ca.toml")
    assert (profile.ca, profile.registrar) == ("ca", tmp_path / "registrar")
