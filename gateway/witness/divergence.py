"""Where members' peers differ: kept on disk until somebody has looked into it, and told by the doctor."""

from __future__ import annotations

import errno
import logging
import os
from typing import TYPE_CHECKING, ClassVar

from gateway.witness.durable import write_at
from quorate.errors import StorageError
from quorate.records.common import Document, Msp, make
from quorate.verify.bundle.witness import Block, Seen, Time

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger(__name__)
_MOST = 16 << 20
_ENOUGH = 100
"""So many of one member show what is wrong."""


class Divergence(Document):
    """Two gateways saw the same block otherwise; `msp` is whose peer differs from what this gateway remembers."""

    SCHEMA: ClassVar[str] = "quorate.divergence/1"
    msp: Msp
    block: Block
    remembered: Seen
    shown: Seen
    found_time: Time

    @property
    def what(self) -> str:
        """What differs, for people."""
        if self.remembered.header != self.shown.header:
            return f"the ledger of {self.msp} has another block {self.block}: a fork"
        return f"the peer of {self.msp} decided otherwise on block {self.block} or one before it"


class Divergences:
    """The divergences that were found, each once for a member and block, one canonical JSON object a line."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = {(found.msp, found.block) for found in read(path)}

    def note(self, msp: Msp, remembered: Seen, shown: Seen, *, now: int) -> Divergence | None:
        """Keep a divergence; return None when it, or enough of the member's, is known already."""
        if (msp, remembered.block) in self._known or sum(known == msp for known, _ in self._known) >= _ENOUGH:
            return None
        found = make(Divergence, msp=msp, block=remembered.block, remembered=remembered, shown=shown, found_time=now)
        _log.error("members' ledgers diverge: %s", found.what)
        try:
            _append(self._path, found.encode() + b"\n")
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error.strerror}", cause=error) from error
        self._known.add((msp, remembered.block))
        return found


def differs(one: Seen, other: Seen) -> bool:
    """Tell whether two gateways saw a block otherwise."""
    return (one.header, one.commit_hash) != (other.header, other.commit_hash)


def read(path: Path) -> list[Divergence]:
    """Return the divergences in a file, none when there is none; a last line that was not written to its end is none.

    Raises
    ------
    StorageError
        When it cannot be read.
    UsageError
        When a line is no divergence.
    """
    try:
        return [Divergence.parse(line) for line in _whole_lines(path).splitlines()]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror}", cause=error) from error


def _append(path: Path, line: bytes) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.fstat(descriptor).st_size > _MOST:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
        whole = len(_whole_lines(path))
        os.ftruncate(descriptor, whole)
        write_at(descriptor, line, whole)
    finally:
        os.close(descriptor)


def _whole_lines(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_MOST)
    return data[: data.rfind(b"\n") + 1]
