import subprocess
import sys
from pathlib import Path

import pytest

from network import compose

GUARD = Path(compose.__file__).with_name("guard.py")


@pytest.fixture
def guard(tmp_path):
    done = tmp_path / "done"
    command = [sys.executable, "-I", "-S", str(GUARD), "/bin/sh", "-c", 'echo ended > "$0"', str(done)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        yield process, done
        process.kill()


def test_runs_its_command_when_the_other_side_is_gone(guard):
    process, done = guard
    process.stdin.close()
    assert process.wait(timeout=20) == 0
    assert done.read_text() == "ended\n"


def test_does_nothing_when_told_that_there_is_nothing_to_do(guard):
    process, done = guard
    process.stdin.write(b"done\n")
    process.stdin.close()
    assert process.wait(timeout=20) == 0
    assert not done.exists()
