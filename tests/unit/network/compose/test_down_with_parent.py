import subprocess
import sys
from pathlib import Path

import pytest

from network import compose

PROGRAM = Path(compose.__file__).with_name("down_with_parent.py")


@pytest.fixture
def guard(tmp_path):
    token, done = tmp_path / "token", tmp_path / "done"
    token.write_text("abc")
    command = [sys.executable, "-I", "-S", str(PROGRAM), str(token), "abc"]
    with subprocess.Popen(
        [*command, "/bin/sh", "-c", 'echo ended > "$0"', str(done)], stdin=subprocess.PIPE
    ) as process:
        yield process, token, done
        process.kill()


def test_runs_its_command_when_the_other_side_is_gone(guard):
    process, _, done = guard
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert done.read_text() == "ended\n"


def test_does_nothing_when_told_that_there_is_nothing_to_do(guard):
    process, _, done = guard
    process.stdin.write(b"done\n")
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert not done.exists()


@pytest.mark.parametrize("change", [lambda token: token.write_text("xyz"), lambda token: token.unlink()])
def test_does_nothing_once_somebody_else_has_started_the_network(guard, change):
    process, token, done = guard
    change(token)
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert not done.exists()
