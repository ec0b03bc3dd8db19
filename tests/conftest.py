import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def embedded_program():
    """The embedded network's program: the one that is named, else built from the present sources."""
    if named := os.environ.get("QUORATE_EMBEDDED_BIN"):
        return Path(named)
    program = ROOT / "build" / "quorate-embedded"
    go = shutil.which("go")
    if go is None and not program.exists():
        pytest.skip("needs Go, or the embedded network's program named in QUORATE_EMBEDDED_BIN")
    if go is not None:
        build = [go, "build", "-trimpath", "-o", str(program), "./cmd/quorate-embedded"]
        environment = os.environ | {"CGO_ENABLED": "0"}
        room = ROOT / "network" / "embedded"
        built = subprocess.run(
            build, cwd=room, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        if built.returncode != 0:
            pytest.fail(f"the embedded network's program does not build:\n{built.stderr}", pytrace=False)
    return program
