import os
import signal
import subprocess
import sys

import pytest

from network import signals
from network.pidfile import ProcessRecord


@pytest.fixture
def sleeper():
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as popen:
        yield popen
        popen.kill()


def test_a_record_survives_the_disk(tmp_path):
    record = ProcessRecord.of(os.getpid())
    record.save(tmp_path / "pid")
    assert ProcessRecord.load(tmp_path / "pid") == record
    assert record.is_alive()


@pytest.mark.parametrize("text", ["", "{", "[]", "7", '{"pid": 1}', '{"pid": "x", "started": ""}'])
def test_what_is_no_record_is_none(tmp_path, text):
    (tmp_path / "pid").write_text(text)
    assert ProcessRecord.load(tmp_path / "pid") is None


def test_an_absent_record_is_none(tmp_path):
    assert ProcessRecord.load(tmp_path / "pid") is None


def test_a_zombie_is_not_alive(sleeper):
    record = ProcessRecord.of(sleeper.pid)
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert not record.is_alive()
    assert ProcessRecord.of(sleeper.pid) is None


def test_a_process_that_only_has_the_same_id_is_never_signalled(sleeper):
    recycled = ProcessRecord(pid=sleeper.pid, started="another time")
    assert not recycled.is_alive()
    assert signals.stop(recycled, grace_s=60)
    signals.send(recycled, signal.SIGKILL)
    assert signals.wait_until_gone(recycled, timeout_s=60)
    assert sleeper.poll() is None


def test_stopping_what_has_ended_is_done_at_once(sleeper):
    record = ProcessRecord.of(sleeper.pid)
    sleeper.kill()
    sleeper.wait()
    assert signals.stop(record, grace_s=60)


def test_waiting_gives_up_at_its_deadline(sleeper):
    assert not signals.wait_until_gone(ProcessRecord.of(sleeper.pid), timeout_s=0.05)


def test_stopping_says_whether_force_was_needed():
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE) as popen:
        popen.stdout.readline()
        assert not signals.stop(ProcessRecord.of(popen.pid), grace_s=0.1)
        assert popen.wait(timeout=60) == -signal.SIGKILL
