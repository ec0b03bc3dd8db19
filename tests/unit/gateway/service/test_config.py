from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from gateway.service.commands import group
from gateway.service.config import PREFIX, GatewayConfig
from gateway.service.config_file import explain, load_config
from quorate.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
msp_id = "AlderMSP"
listen = "127.0.0.1:0"
state = "state"

[peer]
endpoint = "localhost:7051"
tls_ca = "peer-ca.pem"

[identity]
certificate = "/etc/quorate/cert.pem"
key = "key.pem"

[tls]
certificate = "tls.pem"
key = "tls.key"
client_certificate = "client.pem"
client_key = "client.key"
ca = "ca.pem"

[limits]
calls_per_second = 5.5
"""


DIGEST = "sha256:" + "0" * 64


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(TEXT)
    return path


def load(path: Path) -> GatewayConfig:
    return load_config(path, GatewayConfig, prefix=PREFIX)


def test_paths_are_relative_to_the_file(file: Path) -> None:
    config = load(file)
    assert config.state == file.parent / "state"
    assert config.tls.ca == file.parent / "ca.pem"
    assert str(config.identity.certificate) == "/etc/quorate/cert.pem"
    assert (config.msp, config.limits.calls_per_second, config.channel) == ("AlderMSP", 5.5, "quorate")


def test_a_listed_caller_is_allowed_what_its_table_names(file: Path) -> None:
    file.write_text(TEXT + f'[[callers]]\ncertificate = "{DIGEST}"\nfunctions = ["round:Get"]\n')
    (caller,) = load(file).callers
    assert (caller.certificate, caller.functions, caller.events, caller.blocks) == (
        DIGEST,
        ("round:Get",),
        False,
        False,
    )


def test_the_environment_wins_and_is_named(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUORATE_GATEWAY_LISTEN", "127.0.0.1:9")
    monkeypatch.setenv("QUORATE_GATEWAY_LIMITS__BURST", "7")
    config = load(file)
    assert (config.listen, config.limits.burst, config.limits.calls_per_second) == ("127.0.0.1:9", 7, 5.5)
    sources = {row["name"]: row["source"] for row in explain(file, GatewayConfig, prefix=PREFIX)}
    assert sources["listen"] == "environment (QUORATE_GATEWAY_LISTEN)"
    assert sources["limits.burst"] == "environment (QUORATE_GATEWAY_LIMITS__BURST)"
    assert sources["limits.calls_per_second"] == "file"
    assert sources["channel"] == "default"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("unknown = 1\n" + TEXT, "unknown"),
        (TEXT + "unheard_of = 1\n", "limits.unheard_of"),
        (TEXT.replace('msp_id = "AlderMSP"', 'msp_id = "../x"'), "msp_id"),
        (TEXT.replace('msp_id = "AlderMSP"\n', ""), "msp_id"),
        (TEXT.replace("127.0.0.1:0", "nowhere"), "listen"),
        (TEXT.replace("5.5", "-1"), "limits.calls_per_second"),
        (TEXT + "[[", "not TOML"),
        (TEXT + f'[[callers]]\ncertificate = "{DIGEST}"\n' * 2, "lists a certificate twice"),
        (TEXT + '[[callers]]\ncertificate = "sha256:1"\n', "callers.0.certificate"),
        (TEXT + f'[[callers]]\ncertificate = "{DIGEST}"\nfunctions = ["Get"]\n', "callers.0.functions"),
    ],
)
def test_what_is_wrong_is_named(file: Path, change: str, words: str) -> None:
    file.write_text(change)
    with pytest.raises(UsageError, match=words):
        load(file)


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        load(tmp_path / "missing.toml")


def test_the_command_prints_every_value_and_where_it_is_from(file: Path) -> None:
    result = CliRunner().invoke(group, ["config", "show", "--config", str(file), "--format", "json"])
    assert result.exit_code == 0
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert rows["peer.endpoint"] == {"name": "peer.endpoint", "value": "localhost:7051", "source": "file"}
    assert rows["limits.plan_bytes"]["source"] == "default"
