"""What the kernel is asked for, each in a process that may be spoilt."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest

from participants.training.isolation import KEPT_VARIABLES

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


def run(program):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False, timeout=200
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_where_there_is_no_namespace_the_filter_refuses_every_new_socket():
    said = run("""
        import ctypes, errno, os, socket
        from participants.training import isolation
        before, other = socket.socketpair()
        assert isolation._refuse_sockets(ctypes.CDLL(None, use_errno=True))
        for family in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK):
            try:
                socket.socket(family, socket.SOCK_DGRAM)
            except PermissionError as error:
                assert error.errno == errno.EACCES
            else:
                raise SystemExit("a socket was made")
        before.sendall(b"the channel that is open stays open")
        print(other.recv(99).decode())
        if os.fork() == 0:
            try:
                socket.socket()
            except PermissionError:
                os._exit(7)
        print(os.waitstatus_to_exitcode(os.wait()[1]))
    """)
    assert said.splitlines() == ["the channel that is open stays open", "7"]


def test_isolation_says_what_it_achieved():
    said = run("""
        import os, socket
        read, write = os.pipe()
        pid = os.fork()
        if pid == 0:
            from participants.training.isolation import isolate
            found = isolate(keep=write, parent=os.getppid(), start="fork")
            said = [found.network, str(found.dies_with_parent), " ".join(os.environ)]
            os.write(write, "\\n".join(said).encode())
            os._exit(0)
        os.close(write)
        print(os.read(read, 9999).decode())
    """)
    network, dies, names = said.splitlines()
    assert network in {"namespace and filter", "namespace", "filter"}
    assert dies == "True"
    assert set(names.split()) <= KEPT_VARIABLES


def test_a_child_whose_parent_is_gone_does_not_start():
    said = run("""
        import os
        pid = os.fork()
        if pid == 0:
            from participants.training.isolation import _die_with
            _die_with(os.getppid() + 1)
            os._exit(0)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    """)
    assert said == "1"
