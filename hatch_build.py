"""Puts our Go programs into wheels built where Go is; elsewhere the wheel is the pure one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags

_PROGRAMS = {"quorate-embedded": Path("network", "embedded"), "quorate-chaincode": Path("chaincode")}
_LEAST = (1, 26)
"""The Go that they need."""


class ProgramsHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds our Go programs into ``network/bin``, and marks the wheel as that of the platform that builds."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the programs to a standard wheel; an editable install finds them in ``build/``."""
        rooms = [Path(self.root) / room for room in _PROGRAMS.values()]
        if version != "standard" or not all(room.is_dir() for room in rooms):
            return
        go = shutil.which("go")
        if go is None or not _builds(go, rooms[0]):
            self.app.display_warning("Without Go 1.26 or newer the wheel has none of our Go programs.")
            return
        for name, room in _PROGRAMS.items():
            program = Path(self.directory) / name
            program.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(  # noqa: S603 - our own sources, by the toolchain on PATH
                [go, "build", "-trimpath", "-o", str(program.resolve()), f"./cmd/{name}"],
                cwd=Path(self.root) / room,
                env=os.environ | {"CGO_ENABLED": "0"},
                check=True,
            )
            build_data["force_include"][str(program)] = f"network/bin/{name}"
        build_data["pure_python"] = False
        build_data["tag"] = _platform_tag()


def _builds(go: str, room: Path) -> bool:
    """Tell whether this Go, or the one that it fetches for the room's module, is new enough."""
    command = [go, "env", "GOVERSION"]
    said = subprocess.run(command, cwd=room, capture_output=True, text=True, check=False)  # noqa: S603 - as above
    found = re.search(r"go(\d+)\.(\d+)", said.stdout)
    return said.returncode == 0 and found is not None and (int(found[1]), int(found[2])) >= _LEAST


def _platform_tag() -> str:
    # A static Go program needs no C library, so the oldest tag of the platform is right for it.
    return f"py3-none-{list(platform_tags())[-1]}"
