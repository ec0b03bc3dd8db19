import asyncio
import os
import signal
import subprocess
import sys
import time

import pytest

from network.pidfile import ProcessRecord
from network.process import Program, launch
from quorate.errors import TimedOutError, UnreachableError, UsageError

READY_THEN_WAIT = "import signal; print('ready 7', flush=True); signal.pause()"
DEAF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True:
    signal.pause()
"""
linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux: PR_SET_PDEATHSIG")


@pytest.fixture
def program(tmp_path):
    def make(source, **options):
        command = (sys.executable, "-c", source)
        return Program(name="trial", command=command, log=tmp_path / "log", pid_file=tmp_path / "pid", **options)

    return make


@pytest.fixture
def started(program):
    processes = []

    def start(source, **options):
        process = launch(program(source, **options))
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.stop(grace_s=0.1)


def test_returns_the_ready_line(started):
    process = started(READY_THEN_WAIT)
    assert process.wait_ready(timeout_s=60) == "ready 7"
    assert process.poll() is None


def test_a_ready_line_may_come_in_pieces(started):
    process = started("import sys; sys.stdout.write('a'); sys.stdout.flush(); sys.stdout.write('b\\n')")
    assert process.wait_ready(timeout_s=60) == "ab"


def test_only_the_first_line_counts(started):
    process = started("print('ready\\nand more')")
    assert process.wait_ready(timeout_s=60) == "ready"


def test_a_program_that_ends_before_it_is_ready_is_quoted(started):
    process = started("import sys; sys.exit('the disk is missing')")
    with pytest.raises(UnreachableError, match=r"exit status 1[^$]*the disk is missing"):
        process.wait_ready(timeout_s=60)


def test_a_program_killed_before_it_is_ready_names_the_signal(started):
    process = started("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(UnreachableError, match="signal 9"):
        process.wait_ready(timeout_s=60)


def test_a_program_that_is_never_ready_is_ended(started):
    process = started("import signal; signal.pause()")
    with pytest.raises(TimedOutError):
        process.wait_ready(timeout_s=0.1)
    assert process.poll() == -signal.SIGTERM


def test_a_program_that_talks_without_end_is_ended(started):
    process = started("while True: print('x' * 100000, end='')")
    with pytest.raises(TimedOutError):
        process.wait_ready(timeout_s=30)
    assert process.poll() is not None


def test_stop_ends_in_order_and_may_be_repeated(started):
    process = started(READY_THEN_WAIT)
    process.wait_ready(timeout_s=60)
    assert process.stop(grace_s=60) == -signal.SIGTERM
    assert process.stop(grace_s=60) == -signal.SIGTERM
    assert not process.program.pid_file.exists()


def test_a_program_that_ignores_the_request_is_killed(started):
    process = started(DEAF)
    process.wait_ready(timeout_s=60)
    assert process.stop(grace_s=0.1) == -signal.SIGKILL


def test_children_of_a_killed_program_go_with_it(started):
    source = "import subprocess, sys\n" + DEAF.replace(
        "print(", "child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\nprint(child.pid, "
    )
    process = started(source)
    child = ProcessRecord.of(int(process.wait_ready(timeout_s=60).split()[0]))
    process.stop(grace_s=0.1)
    deadline = time.monotonic() + 60
    while child.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not child.is_alive()


def test_the_log_is_kept_between_runs_and_private(started, tmp_path):
    for word in ("first", "second"):
        process = started(f"import sys; print({word!r}, file=sys.stderr); print('ready')")
        process.wait_ready(timeout_s=60)
        process.stop()
    assert (tmp_path / "log").read_text().splitlines() == ["first", "second"]
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600


def test_the_environment_is_added_to_ours(started, monkeypatch):
    monkeypatch.setenv("FROM_US", "1")
    process = started("import os; print(os.environ['FROM_US'], os.environ['ADDED'])", environment={"ADDED": "2"})
    assert process.wait_ready(timeout_s=60) == "1 2"


def test_runs_in_a_session_of_its_own(started):
    process = started(READY_THEN_WAIT)
    assert os.getsid(process.pid) == process.pid != os.getsid(0)


def test_records_the_process_while_it_runs(started):
    process = started(READY_THEN_WAIT)
    assert ProcessRecord.load(process.program.pid_file) == ProcessRecord.of(process.pid)


def test_a_program_that_does_not_exist(tmp_path):
    program = Program(name="x", command=("/no/such/program",), log=tmp_path / "log", pid_file=tmp_path / "pid")
    with pytest.raises(UsageError, match="/no/such/program"):
        launch(program)


def test_a_released_program_outlives_its_launcher(started):
    process = started(READY_THEN_WAIT)
    process.wait_ready(timeout_s=60)
    process.release()
    assert process.record.is_alive()
    os.kill(process.pid, signal.SIGKILL)
    os.waitpid(process.pid, 0)


async def test_waiting_notices_the_end(started):
    process = started("print('ready')\nimport sys; sys.stdin.read(); sys.exit(3)")
    process.wait_ready(timeout_s=60)
    async with asyncio.timeout(60):
        assert await process.wait() == 3
        assert await process.wait() == 3


async def test_waiting_can_be_given_up(started):
    process = started(READY_THEN_WAIT)
    process.wait_ready(timeout_s=60)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.wait(), timeout=0.05)
    assert process.poll() is None


@linux
def test_dies_with_its_parent_when_asked_to(tmp_path):
    parent = f"""
import sys
from pathlib import Path
from network.process import Program, launch
here = Path({str(tmp_path)!r})
command = (sys.executable, "-c", {DEAF!r})
process = launch(Program(name="x", command=command, log=here / "log", pid_file=here / "pid", dies_with_parent=True))
process.wait_ready(timeout_s=60)
print(process.pid, flush=True)
sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", parent], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as launcher:
        child = ProcessRecord.of(int(launcher.stdout.readline()))
        assert child.is_alive()
        launcher.kill()
    deadline = time.monotonic() + 60
    while child.is_alive() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not child.is_alive()
