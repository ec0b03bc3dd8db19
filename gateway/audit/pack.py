"""Makes the staged files the bundle, in one step: whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gateway.audit.staging import copy_into
from quorate.verify.bundle.container import Entry, directory, local_header

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from gateway.audit.staging import Staged, Staging

CONTAINER_SUFFIX = ".qeb"


def pack(staged: Staging, files: Sequence[Staged], target: Path) -> None:
    """Let the bundle appear: a container when the target's name ends in ``.qeb``, else the directory itself.

    Raises
    ------
    UsageError
        When the files do not fit a container.
    """
    if target.suffix == CONTAINER_SUFFIX:
        _write_container(staged, files)
        staged.scratch.replace(target)
    else:
        staged.root.rename(target)


def _write_container(staged: Staging, files: Sequence[Staged]) -> None:
    entries: list[Entry] = []
    offset = 0
    for found in files:
        entries.append(Entry(found.name, found.crc, found.size, offset))
        offset = entries[-1].end
    tail = directory(entries)
    with staged.scratch.open("xb") as file:
        for entry in entries:
            file.write(local_header(entry.name, entry.crc, entry.size))
            copy_into(staged.path(entry.name), file)
        file.write(tail)
        file.flush()
        os.fsync(file.fileno())
