"""`quorate demo` on real Fabric: the same command, the same files, nothing left behind."""

import json
import os

import pytest

from network.engine import Engine, driver
from tests.e2e.test_demo import processes_of, quorate

pytestmark = [pytest.mark.torch, pytest.mark.e2e, pytest.mark.usefixtures("chaincode_program")]


@pytest.fixture(params=[Engine.NATIVE, Engine.COMPOSE])
def engine(request, chaincode_program):  # noqa: ARG001 - it must be built before it is looked for
    missing = driver(request.param).missing()
    if missing is not None:
        pytest.skip(f"the demo on {request.param} cannot run here: {missing}")
    return request.param


def test_the_main_job_on_real_fabric(tmp_path, engine):
    out = tmp_path / "demo"
    done = quorate("demo", "--engine", engine, "--members", "3", "--rounds", "1", "--out", str(out))
    assert done.returncode == 0, done.stderr
    summary = json.loads((out / "summary.json").read_bytes())
    assert (summary["engine"], summary["audit"]["verified"]) == (engine, True)
    assert summary["model"]["quorum"] == "2 of 3"
    for spent in summary["privacy"]["members"].values():
        assert 0 < spent["epsilon_ledger"] <= spent["cap"] == 2
    verified = quorate("audit", "verify", str(out / "evidence.qeb"), "--genesis", summary["ledger"]["genesis"])
    assert verified.returncode == 0, verified.stderr
    assert processes_of(out) == []


def test_what_is_kept_on_real_fabric_answers_until_it_is_stopped(tmp_path, engine):
    out = tmp_path / "demo"
    flags = ("--engine", engine, "--members", "2", "--rounds", "1", "--no-dp", "--keep", "--out", str(out))
    done = quorate("demo", *flags)
    try:
        assert done.returncode == 0, done.stderr
        profile = str(out / "members" / "Alder" / "profiles" / "officer.toml")
        shown = quorate("study", "show", "demo", "--format", "json", "--profile", profile)
        assert json.loads(shown.stdout)["study"]["state"] == "COMPLETED", shown.stderr
        status = quorate("network", "status", "--directory", str(out / "network"), "--format", "json")
        assert status.returncode == 0, status.stdout + status.stderr
    finally:
        stopped = quorate("demo", "--stop", "--out", str(out))
    assert stopped.returncode == 0, stopped.stderr
    assert processes_of(out) == []


def test_an_engine_that_cannot_run_here_is_refused_with_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setitem(os.environ, "QUORATE_FABRIC_BIN", str(tmp_path))
    done = quorate("demo", "--engine", "native", "--out", str(tmp_path / "demo"))
    assert done.returncode == 2
    assert str(tmp_path) in done.stderr
    assert "--engine" in done.stderr
    assert not (tmp_path / "demo").exists()
