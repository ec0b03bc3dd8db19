import pytest

from network.identity.fabric_ca import program
from network.identity.fabric_ca.program import find_ca_program
from quorate.errors import UsageError


@pytest.fixture(autouse=True)
def _bare(monkeypatch, tmp_path):
    for name in ("QUORATE_FABRIC_CA_SERVER", "QUORATE_FABRIC_BIN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(program, "_BUILT", tmp_path / "build" / "fabric-ca-server")


def put(directory, *, mode=0o755):
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "fabric-ca-server"
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def test_it_is_looked_for_in_an_order(tmp_path, monkeypatch):
    places = [put(tmp_path / name) for name in ("named", "given", "beside", "path", "build")]
    named, given, beside, path, built = places
    monkeypatch.setenv("QUORATE_FABRIC_BIN", str(beside.parent))
    monkeypatch.setenv("QUORATE_FABRIC_CA_SERVER", str(named))
    assert find_ca_program(given.parent) == named
    monkeypatch.delenv("QUORATE_FABRIC_CA_SERVER")
    assert find_ca_program(given.parent) == given
    assert find_ca_program() == beside
    monkeypatch.delenv("QUORATE_FABRIC_BIN")
    assert find_ca_program() == path
    path.unlink()
    assert find_ca_program() == built


def test_what_cannot_be_run_is_not_it(tmp_path, monkeypatch):
    put(tmp_path / "build", mode=0o644)
    with pytest.raises(UsageError, match="is not installed") as caught:
        find_ca_program()
    assert "make ca" in caught.value.hint
    monkeypatch.setenv("QUORATE_FABRIC_CA_SERVER", str(tmp_path / "build" / "fabric-ca-server"))
    with pytest.raises(UsageError, match="is not a program"):
        find_ca_program()
