"""A data set's fingerprint from the command line, and the key behind it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from participants.agent.commands import group
from participants.data.bindings import CsvBinding, read_table
from participants.data.fingerprint import fingerprint
from quorate.errors import AlreadyExistsError, NotFoundError, QuorateError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

AGENT = """
msp_id = "AlderMSP"
state = "state"
plans = "plans"
gateway = { endpoint = "localhost:1", tls_ca = "a", client_certificate = "b", client_key = "c" }
identity = { certificate = "d", key = "e" }

[[datasets]]
id = "records"
binding = { kind = "csv", path = "records.csv" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agent.toml").write_text(AGENT, encoding="utf-8")
    (tmp_path / "records.csv").write_text("age,label\n50,1\n61,0\n", encoding="utf-8")
    return tmp_path


def run(*arguments: object) -> dict[str, str]:
    result = CliRunner().invoke(group, [*map(str, arguments), "--format", "json"])
    if isinstance(result.exception, QuorateError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_key_is_made_once_for_its_owner_alone(folder: Path):
    key = folder / "fingerprint.key"
    digest = run("fingerprint-key", key)["digest"]
    made = key.read_bytes()
    assert (len(made), key.stat().st_mode & 0o777) == (32, 0o600)
    assert digest == f"sha256:{hashlib.sha256(made).hexdigest()}"
    with pytest.raises(AlreadyExistsError):
        run("fingerprint-key", key)
    assert key.read_bytes() == made


def test_a_fingerprint_is_that_of_the_records_that_the_agent_trains_on(folder: Path):
    run("fingerprint-key", folder / "key")
    found = run("fingerprint", "records", "--config", folder / "agent.toml", "--key", folder / "key")
    table = read_table(CsvBinding(path=folder / "records.csv"))
    assert found["fingerprint"] == fingerprint(table, key=(folder / "key").read_bytes())


def test_a_data_set_that_the_agent_does_not_have_is_refused_with_those_that_it_has(folder: Path):
    with pytest.raises(NotFoundError, match="no data set 'others'") as caught:
        run("fingerprint", "others", "--config", folder / "agent.toml", "--key", folder / "key")
    assert caught.value.hint == "It has records."


def test_a_key_that_others_may_read_is_refused(folder: Path):
    (folder / "key").write_bytes(bytes(32))
    (folder / "key").chmod(0o644)
    with pytest.raises(UsageError, match="0644"):
        run("fingerprint", "records", "--config", folder / "agent.toml", "--key", folder / "key")
