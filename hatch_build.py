"""Puts the embedded network's program into wheels built where Go is; elsewhere the wheel is the pure one."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from packaging.tags import platform_tags


class EmbeddedNetworkHook(BuildHookInterface):  # type: ignore[type-arg]
    """Builds ``network/bin/quorate-embedded`` for the platform that builds, and marks the wheel as that platform's."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the program to a standard wheel; an editable install finds it in ``build/``."""
        go = shutil.which("go")
        source = Path(self.root) / "network" / "embedded"
        if version != "standard" or go is None or not source.is_dir():
            return
        program = Path(self.directory) / "quorate-embedded"
        program.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(  # noqa: S603 - our own sources, by the toolchain on PATH
            [go, "build", "-trimpath", "-o", str(program.resolve()), "./cmd/quorate-embedded"],
            cwd=source,
            env=os.environ | {"CGO_ENABLED": "0"},
            check=True,
        )
        build_data["force_include"][str(program)] = "network/bin/quorate-embedded"
        build_data["pure_python"] = False
        build_data["tag"] = _platform_tag()


def _platform_tag() -> str:
    # A static Go program needs no C library, so the oldest tag of the platform is right for it.
    return f"py3-none-{list(platform_tags())[-1]}"
