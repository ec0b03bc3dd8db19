"""The wheel alone, in an environment of its own and without any network, verifies a bundle."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.evidence.recorded import recorded

pytestmark = pytest.mark.timeout(1200)  # the wheel is built and its dependencies are fetched

ROOT = Path(__file__).parents[2]
SECONDS = 600


def run(*command, **how):
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, timeout=SECONDS, check=False, **how
    )


@pytest.fixture(scope="module")
def quorate(tmp_path_factory):
    """Return the installed command; the environment holds the wheel and what it depends on, nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    pure = os.environ | {"PATH": os.defpath}  # without Go the wheel is the pure one
    built = run(
        sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", folder, ROOT, env=pure
    )
    assert built.returncode == 0, built.stderr
    [wheel] = folder.glob("quorate-*.whl")
    run(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    installed = run(python, "-m", "pip", "install", "-q", "--retries", "1", "--timeout", "15", wheel)
    if installed.returncode:
        pytest.skip(f"needs the wheel's dependencies from an index: {installed.stderr.strip()[-300:]}")
    return folder / "venv" / "bin" / "quorate"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    ledger = recorded()["native-3.1-raft"]
    path = tmp_path_factory.mktemp("bundle") / "evidence.qeb"
    ledger.export(path)
    return path, ledger.genesis


def alone(*command, cwd):
    """Run a command where there is no network, and nothing of this checkout on the import path."""
    unshare = shutil.which("unshare")
    if unshare is None or run(unshare, "-rn", "true").returncode:
        pytest.skip("needs unshare, to switch the network off")
    return run(unshare, "-rn", *command, cwd=cwd, env={"PATH": os.defpath, "HOME": str(cwd)})


def test_it_verifies_without_a_network(quorate, bundle, tmp_path):
    path, genesis = bundle
    done = alone(quorate, "audit", "verify", path, "--genesis", genesis, "--format", "json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["result"] == "verified"


def test_it_finds_an_altered_bundle(quorate, bundle, tmp_path):
    path, genesis = bundle
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "altered.qeb").write_bytes(data)
    done = alone(quorate, "audit", "verify", tmp_path / "altered.qeb", "--genesis", genesis, cwd=tmp_path)
    assert done.returncode == 1
    assert "checksum" in done.stderr + done.stdout


def test_there_is_indeed_no_network(quorate, tmp_path):
    program = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    done = alone(quorate.with_name("python"), "-c", program, cwd=tmp_path)
    assert "unreachable" in done.stderr
