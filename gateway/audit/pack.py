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
    """Write the bundle: a container when the target's name ends in ``.qeb``, else a directory.

    Raises
    ------
    UsageError
        When the files do not fit a container.
    """
    if target.suffix == CONTAINER_SUFFIX:
        _pack_container(staged, files, target)
    else:
        _pack_directory(staged, files, target)


def _pack_container(staged: Staging, files: Sequence[Staged], target: Path) -> None:
    entries: list[Entry] = []
    offset = 0
    for found in files:
        entries.append(Entry(found.name, found.crc, found.size, offset))
        offset = entries[-1].end
    tail = directory(entries)
    part = target.with_name(f".{target.name}.part")
    try:
        with part.open("xb") as file:
            for entry in entries:
                file.write(local_header(entry.name, entry.crc, entry.size))
                copy_into(staged.path(entry.name), file)
            file.write(tail)
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _pack_directory(staged: Staging, files: Sequence[Staged], target: Path) -> None:
    # The staging directory itself goes with its context; what becomes the bundle is a folder moved out of it.
    part = target.with_name(f".{target.name}.part")
    part.mkdir()
    for found in files:
        place = part.joinpath(*found.name.split("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        staged.path(found.name).replace(place)
    part.replace(target)
