import json
import subprocess
from pathlib import Path

import pytest

BIN = Path(__file__).parents[4] / "network" / "fabric" / "builder" / "bin"


def run(program, *arguments):
    return subprocess.run([BIN / program, *arguments], capture_output=True, text=True, check=False, timeout=200)


@pytest.fixture
def folders(tmp_path):
    made = [tmp_path / name for name in ("source", "metadata", "built", "released")]
    for folder in made:
        folder.mkdir()
    return made


@pytest.mark.parametrize(
    ("metadata", "ours"),
    [
        ('{"type":"ccaas","label":"quorate_1"}', True),
        ('{\n  "label": "x",\n  "type" : "ccaas"\n}', True),
        ('{"type":"golang","label":"ccaas"}', False),
        ('{"type":"node"}', False),
        ("", False),
    ],
)
def test_detect_takes_services_only(folders, metadata, ours):
    source, place, _, _ = folders
    (place / "metadata.json").write_text(metadata)
    assert (run("detect", source, place).returncode == 0) is ours


def test_detect_without_metadata_takes_nothing(folders):
    assert run("detect", folders[0], folders[1]).returncode != 0


def test_where_the_service_is_reaches_the_peer_as_it_was(folders):
    source, metadata, built, released = folders
    connection = json.dumps({"address": "127.0.0.1:7052", "client_key": "secret"})
    (source / "connection.json").write_text(connection)
    assert run("build", source, metadata, built).returncode == 0
    assert run("release", built, released).returncode == 0
    found = released / "chaincode" / "server" / "connection.json"
    assert found.read_text() == connection
    assert found.stat().st_mode & 0o077 == 0


def test_indexes_of_couchdb_are_released_too(folders):
    source, metadata, built, released = folders
    (source / "connection.json").write_text("{}")
    index = Path("META-INF") / "statedb" / "couchdb" / "indexes" / "owner.json"
    (source / index).parent.mkdir(parents=True)
    (source / index).write_text("{}")
    assert run("build", source, metadata, built).returncode == 0
    assert run("release", built, released).returncode == 0
    assert (released / "statedb" / "couchdb" / "indexes" / "owner.json").exists()


def test_a_package_without_a_connection_is_not_built(folders):
    source, metadata, built, _ = folders
    done = run("build", source, metadata, built)
    assert done.returncode != 0
    assert "no connection.json" in done.stderr
