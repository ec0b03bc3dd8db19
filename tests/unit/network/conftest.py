import sys
from pathlib import Path

import pytest

STAND_IN = Path(__file__).with_name("stand_in.py")


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Have `source` found as the embedded network's program."""

    def use(source):
        program = tmp_path / "quorate-embedded"
        program.write_text(f"#!{sys.executable} -IS\n{source}", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("QUORATE_EMBEDDED_BIN", str(program))
        return program

    return use


@pytest.fixture
def stand_in(install):
    return install(STAND_IN.read_text(encoding="utf-8"))
