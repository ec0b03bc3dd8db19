"""A peer whose disk can be filled: a small file system of its own, in memory, under its ledger."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from tests.e2e.faults.parts import kill, start

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.e2e.faults.stand import Stand

_SPARE = 4 * 1024 * 1024


@asynccontextmanager
async def small_disk(stand: Stand, peer: str) -> AsyncIterator[SmallDisk]:
    """Give a peer's ledger a disk with a few mebibytes to spare; in the end the ledger lies where it lay."""
    disk = SmallDisk(stand.play.consortium.network.home.ledger / peer)
    await stand.at_rest()
    await kill(stand, peer)
    refused = await asyncio.to_thread(disk.mount)
    if refused:
        await start(stand, peer)
        pytest.skip(f"a full disk needs the right to mount one: {refused}")
    try:
        await start(stand, peer)
        yield disk
    finally:
        await kill(stand, peer)
        await asyncio.to_thread(disk.unmount)
        await start(stand, peer)


class SmallDisk:
    """What is done to the disk.

    Parameters
    ----------
    directory
        Whose content it shall hold while it is mounted.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._aside = directory.with_name(f"{directory.name}.aside")
        self._filler = directory / "filler"

    def mount(self) -> str:
        """Mount it with the directory's content; return why that is not possible, if it is not."""
        used = sum(file.stat().st_blocks * 512 for file in self._directory.rglob("*") if file.is_file())
        self._directory.rename(self._aside)
        self._directory.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={used + _SPARE}", "tmpfs", str(self._directory)]
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self._directory.rmdir()
            self._aside.rename(self._directory)
            return mounted.stderr.strip()
        shutil.copytree(self._aside, self._directory, dirs_exist_ok=True)
        return ""

    def unmount(self) -> None:
        """Put its content back to where it lay before."""
        shutil.rmtree(self._aside)
        shutil.copytree(self._directory, self._aside)
        subprocess.run(["umount", str(self._directory)], check=True)  # noqa: S607 - where it lies differs
        self._directory.rmdir()
        self._aside.rename(self._directory)

    def fill(self) -> None:
        """Take all space there is, to the last block."""
        with self._filler.open("ab", buffering=0) as file:
            for size in (1024 * 1024, 4096, 1):
                try:
                    while True:
                        file.write(os.urandom(size))
                except OSError:
                    continue

    def free(self) -> None:
        """Give all of it back."""
        self._filler.unlink(missing_ok=True)


async def ends(stand: Stand, name: str, *, seconds: float) -> bool:
    """Tell whether a node ends by itself in time."""
    for _ in range(int(seconds * 10)):
        if not stand.node(name).is_alive():
            return True
        await asyncio.sleep(0.1)
    return False
