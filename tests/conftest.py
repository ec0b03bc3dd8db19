import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

# How long an example takes is the machine's business. One commit gives one result; to look for more than that:
# pytest --hypothesis-profile=explore
_SLOW = [HealthCheck.too_slow]
settings.register_profile("explore", deadline=None, suppress_health_check=_SLOW)
settings.register_profile("same", settings.get_profile("explore"), derandomize=True)
settings.load_profile("same")


@pytest.fixture(scope="session")
def embedded_program():
    """The embedded network's program: the one that is named, else built from the present sources."""
    return _built("quorate-embedded", ROOT / "network" / "embedded", variable="QUORATE_EMBEDDED_BIN")


@pytest.fixture(scope="session")
def chaincode_program():
    """The chaincode's program: the one that is named, else built from the present sources."""
    return _built("quorate-chaincode", ROOT / "chaincode", variable="QUORATE_CHAINCODE_BIN")


def _built(name, room, *, variable):
    if named := os.environ.get(variable):
        return Path(named)
    program = ROOT / "build" / name
    go = shutil.which("go")
    if go is None and not program.exists():
        pytest.skip(f"needs Go, or the program {name} named in {variable}")
    if go is not None:
        build = [go, "build", "-trimpath", "-o", str(program), f"./cmd/{name}"]
        environment = os.environ | {"CGO_ENABLED": "0"}
        built = subprocess.run(
            build, cwd=room, env=environment, capture_output=True, text=True, check=False, timeout=600
        )
        if built.returncode != 0:
            pytest.fail(f"{name} does not build:\n{built.stderr}", pytrace=False)
    return program
