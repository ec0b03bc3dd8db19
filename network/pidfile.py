"""Which process a name stands for, so written down that another with the same id is never mistaken for it."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

_LIMIT = 4096


@dataclass(frozen=True, kw_only=True)
class ProcessRecord:
    """A process, told apart from any later one with the same id by when it started and under which boot."""

    pid: int
    started: str

    @classmethod
    def of(cls, pid: int) -> "ProcessRecord | None":
        """Return the record of a living process; None if there is none, or only what is left of one (a zombie)."""
        started = _start_of(pid)
        return None if started is None else cls(pid=pid, started=started)

    @classmethod
    def load(cls, path: Path) -> "ProcessRecord | None":
        """Read a record; None if the file is absent or is not a record."""
        try:
            with path.open("rb") as file:
                document = json.loads(file.read(_LIMIT))
            return cls(pid=int(document["pid"]), started=str(document["started"]))
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError):
            return None

    def save(self, path: Path) -> None:
        """Write the record, whole or not at all."""
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        temporary.write_text(json.dumps(asdict(self)) + "\n")
        temporary.replace(path)

    def is_alive(self) -> bool:
        """Tell whether this very process still runs."""
        return ProcessRecord.of(self.pid) == self


def is_alive(path: Path) -> bool:
    """Tell whether the process that a file records still runs."""
    record = ProcessRecord.load(path)
    return record is not None and record.is_alive()


def _start_of(pid: int) -> str | None:
    return _start_from_proc(pid) if sys.platform == "linux" else _start_from_ps(pid)


def _start_from_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    state, ticks = fields[0], fields[19]
    if state in "ZX":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    return f"{ticks}@{boot}"


def _start_from_ps(pid: int) -> str | None:
    # To the second only, which is as much as systems without /proc tell everyone.
    found = subprocess.run(  # noqa: S603 - a number and fixed words
        ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        timeout=10,
        env={"LC_ALL": "C"},
    )
    state, _, started = found.stdout.strip().partition(" ")
    return None if found.returncode != 0 or state.startswith("Z") else started.strip()
