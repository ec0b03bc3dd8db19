"""What a trainer gives up before it sees records: descriptors, environment, network, core dumps, life without a parent.

Linux only; elsewhere, and where the kernel refuses, the trainer still runs and reports what was not achieved. None of
this holds back a hostile plan that may read the same files as the agent: approval of plans is the barrier.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import resource
import signal
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from quorate.canonical import JSON

KEPT_VARIABLES: Final = frozenset(
    {
        "CUBLAS_WORKSPACE_CONFIG",
        "CUDA_VISIBLE_DEVICES",
        "HOME",
        "LANG",
        "LC_ALL",
        "LD_LIBRARY_PATH",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "PATH",
        "PYTHONPATH",
        "TMPDIR",
    }
)
"""Environment variables that a trainer keeps; no other reaches it."""

NVIDIA: Final = Path("/dev/nvidiactl")
"""Exists where there is an NVIDIA device."""

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1
_PR_SET_SECCOMP: Final = 22
_PR_SET_NO_NEW_PRIVS: Final = 38
_SECCOMP_MODE_FILTER: Final = 2


class Network(StrEnum):
    """How the network was cut."""

    NAMESPACE_AND_FILTER = "namespace and filter"
    NAMESPACE = "namespace"
    FILTER = "filter"
    OPEN = "open"


@dataclass(frozen=True, kw_only=True)
class Isolation:
    """What was achieved.

    Attributes
    ----------
    network
        An own empty network namespace, a system-call filter that refuses new sockets (also to the machine's own, such
        as a container engine's), both, or nothing.
    dies_with_parent
        Whether the kernel kills the process when its parent ends.
    start
        How the process was started.
    """

    network: Network
    dies_with_parent: bool
    start: str

    def to_json(self) -> dict[str, JSON]:
        """Return the fields."""
        return asdict(self)


def isolate(*, keep: int, parent: int, start: str) -> Isolation:
    """Isolate the calling process, which must have one thread only, and return what was achieved.

    Parameters
    ----------
    keep
        The one descriptor that stays open, besides standard ones on the null device.
    parent
        The process to die with.
    start
        How the process was started, for the report.
    """
    _keep_descriptor(keep)
    scrub_environment()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is for the agent, who then ends the trainer
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    dies = _die_with(parent)
    return Isolation(network=_cut_network(), dies_with_parent=dies, start=start)


def scrub_environment() -> None:
    """Remove every environment variable that is not in `KEPT_VARIABLES`."""
    for name in set(os.environ) - KEPT_VARIABLES:
        del os.environ[name]


def _keep_descriptor(keep: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    os.closerange(3, keep)
    os.closerange(keep + 1, os.sysconf("SC_OPEN_MAX"))


def _die_with(parent: int) -> bool:
    if sys.platform != "linux":
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    achieved: bool = libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) == 0
    if os.getppid() != parent:
        os._exit(1)  # the parent went before the kernel was told to watch it
    return achieved


def _cut_network() -> Network:
    if sys.platform != "linux":
        return Network.OPEN
    libc = ctypes.CDLL(None, use_errno=True)
    uid, gid = os.geteuid(), os.getegid()
    apart: bool = libc.unshare(_CLONE_NEWNET) == 0
    if not apart and libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0:
        _keep_identity(uid, gid)
        apart = True
    # The NVIDIA driver's libraries may ask a local daemon through a socket; a namespace lets them.
    filtered = not (apart and NVIDIA.exists()) and _refuse_sockets(libc)
    if apart:
        return Network.NAMESPACE_AND_FILTER if filtered else Network.NAMESPACE
    return Network.FILTER if filtered else Network.OPEN


def _keep_identity(uid: int, gid: int) -> None:
    """Map the own user and group into the new namespace, so that names of files' owners stay as they were."""
    for name, content in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with suppress(OSError):  # only cosmetic: access to files does not depend on it
            Path("/proc/self", name).write_text(content, encoding="ascii")


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("jt", ctypes.c_uint8), ("jf", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("filter", ctypes.POINTER(_Instruction)))


_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW: Final = 0x7FFF0000
_REFUSE: Final = 0x00050000 | errno.EACCES
_X32: Final = 0x40000000
_CALLS: Final = {  # machine: audit architecture, then socket and io_uring_setup
    "x86_64": (0xC000003E, (41, 425)),
    "aarch64": (0xC00000B7, (198, 425)),
}


def _refuse_sockets(libc: ctypes.CDLL) -> bool:
    """Have the kernel refuse new sockets of any family to this process and its children; seccomp needs no privilege."""
    known = _CALLS.get(platform.machine())
    if known is None or libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    architecture, calls = known
    steps = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, architecture), (_RETURN, 0, 0, _REFUSE), (_LOAD, 0, 0, 0)]
    steps += [(_AT_LEAST, 0, 1, _X32), (_RETURN, 0, 0, _REFUSE)]
    for call in calls:
        steps += [(_EQUAL, 0, 1, call), (_RETURN, 0, 0, _REFUSE)]
    steps.append((_RETURN, 0, 0, _ALLOW))
    program = _Program(len(steps), (_Instruction * len(steps))(*(_Instruction(*step) for step in steps)))
    return bool(libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) == 0)
