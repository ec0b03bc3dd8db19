from __future__ import annotations

from pathlib import Path

import pytest

from gateway.service.config_file import explain, load_config
from participants.agent.config import PREFIX, AgentConfig
from quorate.errors import UsageError

MINIMAL = """
msp_id = "AlderMSP"
state = "state"
plans = "plans"

[gateway]
endpoint = "localhost:7443"
tls_ca = "tls/ca.pem"
client_certificate = "tls/client.pem"
client_key = "tls/client.key"

[identity]
certificate = "agent.pem"
key = "agent.key"

[[datasets]]
id = "ward"
binding = { kind = "csv", path = "data/ward.csv" }
"""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch):
    for name in ("STATE", "MSP_ID", "TRAINING__SECONDS", "POLICY"):
        monkeypatch.delenv(PREFIX + name, raising=False)


def written(directory: Path, text: str = MINIMAL) -> Path:
    path = directory / "agent.toml"
    path.write_text(text)
    return path


def load(directory: Path, text: str = MINIMAL) -> AgentConfig:
    return load_config(written(directory, text), AgentConfig, prefix=PREFIX)


def test_every_path_is_relative_to_the_file_that_names_it(tmp_path: Path):
    config = load(tmp_path)

    assert config.state == tmp_path / "state"
    assert config.gateway.client_key == tmp_path / "tls/client.key"
    assert config.datasets[0].binding.path == tmp_path / "data/ward.csv"


def test_an_absolute_path_stays(tmp_path: Path):
    config = load(tmp_path, MINIMAL.replace("data/ward.csv", "/data/ward.csv"))

    assert config.datasets[0].binding.path == Path("/data/ward.csv")


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PREFIX + "MSP_ID", "BirchMSP")
    monkeypatch.setenv(PREFIX + "TRAINING__SECONDS", "7")

    config = load(tmp_path, MINIMAL + "\n[training]\nseconds = 60\n")

    assert (config.msp_id, config.training.seconds) == ("BirchMSP", 7.0)


def test_each_value_tells_where_it_came_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PREFIX + "TRAINING__SECONDS", "7")

    rows = {row["name"]: row["source"] for row in explain(written(tmp_path), AgentConfig, prefix=PREFIX)}

    assert rows["training.seconds"] == f"environment ({PREFIX}TRAINING__SECONDS)"
    assert rows["msp_id"] == "file"
    assert rows["on_refusal"] == "default"


def test_a_refused_charge_ends_the_agent_unless_the_configuration_says_otherwise(tmp_path: Path):
    assert load(tmp_path).on_refusal == "stop"
    assert load(tmp_path, 'on_refusal = "continue"\n' + MINIMAL).on_refusal == "continue"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("msp_id", "msp"), "msp_id"),
        (('"AlderMSP"', '"Alder MSP"'), "msp_id"),
        (("localhost:7443", "localhost"), "gateway.endpoint"),
        (('kind = "csv"', 'kind = "sql"'), "datasets.0.binding"),
        (('kind = "csv"', 'kind = "csv", user = "me"'), "datasets.0.binding"),
        (('id = "ward"', 'id = "../ward"'), "datasets.0.id"),
        (('plans = "plans"', 'plans = "plans"\nsurplus = 1'), "surplus"),
        (("[identity]", "[policy]\nminimum_noise_multiplier = 1\n[identity]"), "policy.minimum_noise_multiplier"),
        (("[identity]", "[training]\nseconds = 0\n[identity]"), "training.seconds"),
    ],
)
def test_an_error_names_its_place(tmp_path: Path, change: tuple[str, str], place: str):
    with pytest.raises(UsageError, match=place):
        load(tmp_path, MINIMAL.replace(*change))


def test_an_agent_without_data_sets_is_refused(tmp_path: Path):
    with pytest.raises(UsageError, match="datasets"):
        load(tmp_path, "datasets = []\n" + MINIMAL[: MINIMAL.index("[[datasets]]")])
