from __future__ import annotations

import asyncio
import json
import os
import signal
from typing import TYPE_CHECKING, Any, cast

import pytest
from click.testing import CliRunner

from gateway.service.config_file import load_config
from participants.agent.commands import _until_told, group, serve
from participants.agent.config import PREFIX, AgentConfig
from participants.agent.run import run_agent
from quorate.errors import UsageError
from tests.unit.gateway.fabric.authority import Authority
from tests.unit.participants.agent.test_config import MINIMAL, written
from tests.unit.participants.agent.test_trainer import FakeChild

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def config(tmp_path: Path, authority: Authority) -> AgentConfig:
    agent, client = authority.issue("agent"), authority.issue("agent's machine")
    files = {
        "agent.pem": agent.certificate_pem,
        "agent.key": agent.key_pem,
        "tls/ca.pem": authority.pem,
        "tls/client.pem": client.certificate_pem,
        "tls/client.key": client.key_pem,
    }
    for name, data in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o600)
    nobody = MINIMAL.replace("localhost:7443", "127.0.0.1:1")
    return load_config(written(tmp_path, nobody), AgentConfig, prefix=PREFIX)


def test_an_unreadable_configuration_is_a_usage_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert serve(tmp_path / "agent.toml", start="spawn") == 2

    said = capsys.readouterr().err
    assert said.startswith("INVALID_ARGUMENT: cannot read")
    assert "next:" in said


def test_the_effective_configuration_is_shown_with_its_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(PREFIX + "TRAINING__SECONDS", "9")
    path = written(tmp_path)

    result = CliRunner().invoke(group, ["config", "show", "--config", str(path), "--format", "json"])

    assert result.exit_code == 0
    assert "environment (QUORATE_AGENT_TRAINING__SECONDS)" in result.output
    assert str(tmp_path / "agent.key") in result.output


async def test_an_agent_that_is_told_to_stop_ends_well_and_ends_its_trainer(
    config: AgentConfig, capsys: pytest.CaptureFixture[str]
):
    child = FakeChild()
    work = asyncio.create_task(_until_told(config, cast("Any", child), "spawn"))
    said = ""
    async with asyncio.timeout(60):
        while "ready" not in said:
            await asyncio.sleep(0.02)
            said += capsys.readouterr().out
    os.kill(os.getpid(), signal.SIGTERM)

    async with asyncio.timeout(60):
        assert await work == 0

    assert json.loads(said) == {"schema": "quorate.agent.ready/1", "msp_id": "AlderMSP", "datasets": ["ward"]}
    assert child.closed


async def test_a_key_that_others_may_read_ends_the_agent_before_anything_is_sent(config: AgentConfig):
    config.identity.key.chmod(0o644)
    child = FakeChild()

    with pytest.raises(UsageError, match="mode"):
        await run_agent(config, child=cast("Any", child))

    assert child.closed
