import signal
import sys
import time
from pathlib import Path

import pytest

from network.pidfile import ProcessRecord
from network.process import Program
from network.process_node import ProcessNode, stop_all, stop_recorded
from network.readiness import wait_until
from quorate.errors import TimedOutError, UnreachableError

SERVES = "import pathlib, signal, sys; pathlib.Path(sys.argv[1]).touch(); signal.pause()"


@pytest.fixture
def make(tmp_path):
    nodes = []

    def node(source=SERVES, *, name="one", timeout_s=60.0):
        mark = tmp_path / f"{name}.ready"
        program = Program(
            name=name,
            command=(sys.executable, "-c", source, str(mark)),
            log=tmp_path / f"{name}.log",
            pid_file=tmp_path / f"{name}.pid",
            announces=False,
        )

        def ready(process, limit):
            wait_until(process, mark.exists, min(limit, timeout_s))

        nodes.append(ProcessNode(name=name, kind="peer", address=None, program=program, ready=ready))
        return nodes[-1]

    yield node
    stop_all(nodes)


def state(pid):
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]


def test_a_node_is_started_and_stopped(make):
    node = make()
    assert (node.is_alive(), node.pid) == (False, None)
    node.start()
    pid = node.pid
    assert ProcessRecord.of(pid) is not None
    node.start()
    assert node.pid == pid
    node.stop()
    assert ProcessRecord.of(pid) is None
    assert not node.program.pid_file.exists()
    node.stop()


def test_a_kill_looks_like_a_crash_and_a_start_mends_it(make):
    node = make()
    node.start()
    first = node.pid
    node.kill()
    assert not node.is_alive()
    assert node.program.pid_file.exists()
    node.start()
    assert node.pid not in {None, first}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_paused_node_lives_and_goes_on(make):
    node = make()
    node.start()
    node.pause()
    assert _until(lambda: state(node.pid) == "T")
    assert node.is_alive()
    node.resume()
    assert _until(lambda: state(node.pid) == "S")


def test_a_paused_node_can_be_stopped_in_order(make, tmp_path):
    last_words = (
        "import pathlib, signal, sys\n"
        "def end(*_): pathlib.Path(sys.argv[1] + '.ended').touch(); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); pathlib.Path(sys.argv[1]).touch()\n"
        "while True: signal.pause()"
    )
    node = make(last_words)
    node.start()
    node.pause()
    node.stop()
    assert (tmp_path / "one.ready.ended").exists()


def test_a_program_that_ends_before_it_is_ready_is_quoted(make):
    with pytest.raises(UnreachableError, match="no such channel"):
        make("import sys; sys.exit('no such channel')").start()


def test_a_program_that_does_not_become_ready_is_ended(make):
    node = make("import signal; signal.pause()", timeout_s=0.2)
    with pytest.raises(TimedOutError, match=r"one was not ready after 0\.2 s"):
        node.start()
    assert not node.is_alive()


def test_what_others_started_is_known_by_its_pid_file(make):
    node = make()
    node.start()
    pid, popen = node.pid, node.process._popen
    again = ProcessNode(name="one", kind="peer", address=None, program=node.program, ready=node.ready)
    assert again.pid == pid
    again.kill()
    assert not again.is_alive()
    popen.wait(timeout=60)


def test_all_are_ended_at_the_same_time(make, tmp_path):
    ends_with_the_others = (
        "import pathlib, signal, sys, time\n"
        "mark = pathlib.Path(sys.argv[1])\n"
        "def end(*_):\n"
        "    mark.with_suffix('.told').touch()\n"
        "    while len(list(mark.parent.glob('*.told'))) < 5: time.sleep(0.01)\n"
        "    mark.with_suffix('.ended').touch()\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); mark.touch()\n"
        "while True: signal.pause()"
    )
    nodes = [make(ends_with_the_others, name=str(number)) for number in range(5)]
    for node in nodes:
        node.start()
    assert stop_all(nodes, grace_s=60)
    assert len(list(tmp_path.glob("*.ended"))) == 5
    assert not stop_all(nodes)


def test_recorded_processes_are_ended_without_their_nodes(make):
    nodes = [make(name=str(number)) for number in range(2)]
    for node in nodes:
        node.start()
    popens = [node.process._popen for node in nodes]
    files = [node.program.pid_file for node in nodes]
    assert stop_recorded(files)
    assert [popen.wait(timeout=60) for popen in popens] == [-signal.SIGTERM] * 2
    assert not any(file.exists() for file in files)
    assert not stop_recorded(files)


def test_variables_of_other_networks_are_kept_from_a_program(tmp_path, monkeypatch):
    monkeypatch.setenv("CORE_PEER_LOCALMSPID", "OtherMSP")
    monkeypatch.setenv("KEPT", "yes")
    source = "import os, sys; print(os.environ.get('CORE_PEER_LOCALMSPID'), os.environ['KEPT'], os.environ['GIVEN'])"
    program = Program(
        name="it",
        command=(sys.executable, "-c", source),
        log=tmp_path / "log",
        pid_file=tmp_path / "pid",
        environment={"GIVEN": "too"},
        without=("CORE_",),
        announces=False,
    )
    node = ProcessNode(name="it", kind="peer", address=None, program=program, ready=lambda process, _: process.reap())
    node.start()
    assert program.log.read_text() == "None yes too\n"


def _until(holds):
    deadline = time.monotonic() + 60
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
