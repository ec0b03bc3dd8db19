import os
import subprocess
import sys

import pytest

USES = "def test_it(fabric_network): assert len(fabric_network.organisations) == 4\n"


@pytest.fixture
def run(tmp_path, stand_in):  # noqa: ARG001 - it must be installed
    def call(*arguments, source=USES):
        (tmp_path / "test_sample.py").write_text(source)
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "network.pytest_plugin",
            *arguments,
        ]
        environment = (
            os.environ
            | {"PATH": "/usr/bin:/bin", "QUORATE_FABRIC_BIN": ""}
            | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
        )
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=280
        )

    return call


@pytest.mark.parametrize("engine", ["embedded", "all"])
def test_the_network_runs_for_the_session(run, engine):
    found = run("--fabric-engine", engine)
    assert found.returncode == 0, found.stdout
    assert "1 passed" in found.stdout


SHARE = """
seen = []

def test_a(fabric_network):
    seen.append(fabric_network.pid)

def test_b(fabric_network):
    assert seen == [fabric_network.pid]
"""


def test_tests_share_one_network(run):
    found = run(source=SHARE)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("engine", ["native", "compose"])
def test_an_engine_that_is_asked_for_and_absent_is_refused(run, engine):
    found = run("--fabric-engine", engine)
    assert found.returncode == pytest.ExitCode.USAGE_ERROR
    assert f"--fabric-engine {engine}: " in found.stdout + found.stderr


def test_what_runs_and_what_does_not_is_said_with_the_reason(run):
    found = run("--fabric-engine", "all", source=USES)
    assert "fabric engine embedded: runs" in found.stdout
    assert "fabric engine native: does not run: " in found.stdout
    assert "fabric engine native: not asked for (--fabric-engine embedded)" in run(source=USES).stdout
    assert "fabric engine" not in run(source="def test_it(): assert True\n").stdout


def test_tests_that_use_no_network_start_none(run, install):
    install("raise SystemExit('started')")
    found = run(source="def test_it(): assert True\n")
    assert found.returncode == 0, found.stdout


def test_loading_the_plugin_imports_next_to_nothing():
    program = (
        "import sys, pytest; before = set(sys.modules); import network.pytest_plugin; print(*set(sys.modules) - before)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=200)
    assert set(found.stdout.split()) == {"network", "network.pytest_plugin"}
