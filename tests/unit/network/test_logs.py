import subprocess
import sys
import threading

import pytest

from network.logs import follow_log, read_log
from network.pidfile import ProcessRecord
from quorate.errors import NotFoundError


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log"
    path.write_text("one\ntwo\n")
    return path


def test_reading_ends_at_the_end(log):
    assert "".join(read_log(log)) == "one\ntwo\n"


def test_an_absent_log_is_said(tmp_path):
    with pytest.raises(NotFoundError, match="There is no log"):
        list(read_log(tmp_path / "absent"))


def test_following_what_nobody_writes_is_reading(log):
    assert "".join(follow_log(log, None)) == "one\ntwo\n"


def test_following_yields_what_is_added_until_the_writer_ends(log):
    writing = f"import sys\nfor line in sys.stdin:\n    with open({str(log)!r}, 'a') as log:\n        log.write(line)\n"
    with subprocess.Popen([sys.executable, "-c", writing], stdin=subprocess.PIPE, text=True) as writer:
        pieces = follow_log(log, ProcessRecord.of(writer.pid))
        assert next(pieces) == "one\ntwo\n"
        writer.stdin.write("three\n")
        writer.stdin.flush()
        seen = next(pieces)
        threading.Timer(0.05, writer.stdin.close).start()
        assert seen + "".join(pieces) == "three\n"
