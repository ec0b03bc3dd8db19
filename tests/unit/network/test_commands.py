import json
import re
import tomllib

import pytest

from quorate.cli import main
from tests.unit.docs.pages import DOCS, read


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    main(["network", "down"])


@pytest.fixture
def run(place, capfd):  # noqa: ARG001 - commands write to the working directory
    def call(*arguments):
        capfd.readouterr()
        status = main(["network", *arguments])
        return status, *capfd.readouterr()

    return call


def rows(text):
    return {row["name"]: row for row in map(json.loads, text.splitlines())}


def test_engines_says_what_runs_here_and_what_the_others_lack(run, stand_in, monkeypatch):  # noqa: ARG001 - installed
    monkeypatch.setenv("QUORATE_FABRIC_BIN", "/no/such/folder")
    status, out, _ = run("engines", "--format", "jsonl")
    found = {row["engine"]: row for row in map(json.loads, out.splitlines())}
    assert (status, list(found)) == (0, ["embedded", "native", "compose"])
    assert (found["embedded"]["runs"], found["embedded"]["missing"]) == (True, None)
    assert found["native"]["runs"] is False
    assert "Fabric's peer, orderer, configtxgen and osnadmin are not in /no/such/folder" in found["native"]["missing"]


def test_init_writes_a_topology_that_may_be_edited(run, place):
    assert run("init", "--member", "Alder", "--member", "Birch")[:2] == (0, "")
    document = tomllib.loads((place / "topology.toml").read_text())
    assert [member["name"] for member in document["organisations"]] == ["alder", "birch"]


def test_init_names_the_members_that_the_tutorial_has(run, place):
    (founded,) = re.findall(r"^consortium founded: (.+)$", read(DOCS / "tutorial" / "demo.md"), re.MULTILINE)
    assert run("init")[0] == 0
    document = tomllib.loads((place / "topology.toml").read_text())
    assert [member["name"].title() for member in document["organisations"]] == founded.split(", ")


def test_init_keeps_a_file_that_exists(run, place):
    (place / "topology.toml").write_text("mine")
    status, _, err = run("init")
    assert (status, (place / "topology.toml").read_text()) == (5, "mine")
    assert "ALREADY_EXISTS" in err


def test_init_where_nothing_can_be_written(run):
    status, _, err = run("init", "--topology", "absent/topology.toml")
    assert status == 3
    assert "Cannot write" in err


def test_from_init_to_down(run, place, stand_in):  # noqa: ARG001 - it must be installed
    assert run("init")[0] == 0

    status, out, err = run("up", "--format", "json")
    assert status == 0
    document = json.loads(out)
    assert document == json.loads((place / "quorate-network" / "connection.json").read_text())
    assert document["schema"] == "quorate.connection/1"
    assert len(document["organisations"]) == 4
    assert "for development only" in err

    status, out, _ = run("status", "--format", "jsonl")
    assert status == 0
    assert {row["state"] for row in rows(out).values()} == {"running"}
    assert rows(out)["embedded"]["pid"] == document["pid"]

    assert "stand-in: serving quorate\n" in run("logs")[1]
    assert run("up")[0] == 5

    status, out, err = run("down")
    assert (status, out) == (0, "")
    assert "has ended" in err
    assert "was not running" in run("down")[2]
    status, out, _ = run("status", "--format", "jsonl")
    assert (status, rows(out)["embedded"]["state"]) == (0, "stopped")


def test_nothing_is_made_where_there_is_no_network(run, place):
    assert "was not running" in run("down")[2]
    status, out, err = run("status", "--format", "jsonl")
    assert (status, rows(out)["embedded"]["state"]) == (0, "stopped")
    assert "There has been no network in" in err
    assert list(place.iterdir()) == []


def test_up_as_a_table_names_what_matters(run, stand_in):  # noqa: ARG001 - it must be installed
    run("init")
    _, out, _ = run("up")
    assert "genesis" in out
    assert "connection.json" in out
    assert "BEGIN" not in out


def test_status_reports_a_crash(run, place, install):
    install("raise SystemExit")
    home = place / "quorate-network"
    home.mkdir()
    (home / "embedded.pid").write_text('{"pid": 1, "started": "before"}')
    status, out, err = run("status", "--format", "jsonl")
    assert (status, rows(out)["embedded"]["state"]) == (1, "crashed")
    assert "CHECK_FAILED" in err
    assert run("down")[0] == 0


def test_logs_make_escapes_harmless(run, place):
    home = place / "quorate-network"
    home.mkdir()
    (home / "embedded.log").write_text("a\tb \x1b[2J\n")
    assert run("logs")[1] == "a\tb \\x1b[2J\n"


def test_logs_of_something_else_are_wrong_usage(run):
    assert run("logs", "orderer")[0] == 2


@pytest.mark.parametrize("command", ["down", "status", "logs"])
def test_a_directory_remembers_its_engine(run, command, stand_in):  # noqa: ARG001 - it must be installed
    run("init")
    assert run("up", "--engine", "embedded")[0] == 0
    assert run(command, "--engine", "embedded")[0] == 0
    status, out, err = run(command, "--engine", "native")
    assert (status, out) == (2, "")
    assert "runs on the engine embedded, not native" in err


def test_up_without_a_topology_says_how_to_make_one(run, stand_in):  # noqa: ARG001 - it must be installed
    status, _, err = run("up")
    assert status == 2
    assert "quorate network init" in err
