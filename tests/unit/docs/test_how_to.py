"""The files and pieces of code that the how-to pages show are taken by the programs they are for."""

import os
import tomllib

import pytest

from gateway.ledger.calls import nano
from gateway.service.config import GatewayConfig
from network.identity.fabric_ca.profile import CaProfile
from quorate.policy import parse
from quorate.privacy.parameters import Mechanism
from quorate.privacy.quote import quote
from quorate.records.consortium import Found
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


def test_the_charter_can_be_proposed():
    text, *_ = fenced(read(HOW_TO / "run-a-study.md"), "toml")
    document = Found.of({"schema": Found.SCHEMA} | tomllib.loads(text))
    assert [member.msp for member in document.members] == ["AlderMSP", "BirchMSP"]


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


def test_the_refusal_shown_is_what_the_ledger_would_say():
    before, after = (
        quote(Mechanism(noise_multiplier="4", sample_rate="1/4", steps=6 * rounds), delta="1e-5")["epsilon_nano"]
        for rounds in (2, 3)
    )
    amounts = f"from ε {nano(str(before))} to {nano(str(after))} at δ 1e-5, over its cap of {nano(str(10**9))}\n"
    assert f"would bring BirchMSP/records {amounts}" in read(HOW_TO / "budget-refused.md")
