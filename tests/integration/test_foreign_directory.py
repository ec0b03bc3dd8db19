"""The import names are plain words: where a folder has one of them, the command and the plugin must still be ours."""

import subprocess
import sys
from pathlib import Path

import pytest

NAMES = ("gateway", "participants", "network")
SCRIPTS = Path(sys.executable).parent


@pytest.fixture(params=["plain folders", "packages"])
def directory(request, tmp_path):
    for name in NAMES:
        (tmp_path / name).mkdir()
        (tmp_path / name / "commands.py").write_text("raise AssertionError('imported from the working directory')\n")
        if request.param == "packages":
            (tmp_path / name / "__init__.py").write_text(
                "raise AssertionError('imported from the working directory')\n"
            )
    return tmp_path


def run(directory, *command):
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False, timeout=240)


def script(name):
    path = SCRIPTS / name
    if not path.exists():
        pytest.skip(f"needs the installed command {name}: make setup")
    return str(path)


def test_the_command(directory):
    found = run(directory, script("quorate"), "network", "status", "--format", "jsonl")
    assert found.returncode == 0, found.stderr
    assert '"state":"stopped"' in found.stdout


def test_the_command_as_a_module(directory):
    found = run(directory, sys.executable, "-m", "quorate", "network", "status", "--format", "jsonl")
    assert found.returncode == 0, found.stderr
    assert '"state":"stopped"' in found.stdout


def test_the_pytest_plugin(directory):
    (directory / "test_sample.py").write_text(
        "def test_it(request):\n"
        "    import network, network.topology\n"
        "    assert request.config.pluginmanager.hasplugin('quorate')\n"
        f"    assert not network.__file__.startswith({str(directory)!r})\n"
    )
    found = run(
        directory, script("pytest"), "-q", "-p", "no:cacheprovider", "--fabric-engine", "embedded", "test_sample.py"
    )
    assert found.returncode == 0, found.stdout + found.stderr
