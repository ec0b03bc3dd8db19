import pytest

from network.fabric.programs import PROGRAMS, FabricPrograms
from quorate.errors import UsageError


def put(directory, *names, version="3.1.5"):
    directory.mkdir(parents=True, exist_ok=True)
    for name in names:
        program = directory / name
        program.write_text(f"#!/bin/sh\nprintf '{name}:\\n Version: v{version}\\n Commit SHA: x\\n'\n")
        program.chmod(0o755)
    return directory


@pytest.fixture
def path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    monkeypatch.delenv("QUORATE_FABRIC_BIN", raising=False)
    return tmp_path / "path"


def test_the_directory_comes_first_then_the_variable_then_the_path(path, tmp_path, monkeypatch):
    put(path, *PROGRAMS)
    assert FabricPrograms.find().peer == path / "peer"
    monkeypatch.setenv("QUORATE_FABRIC_BIN", str(put(tmp_path / "named", *PROGRAMS)))
    assert FabricPrograms.find().peer == tmp_path / "named" / "peer"
    asked = put(tmp_path / "asked", *PROGRAMS)
    assert FabricPrograms.find(asked).osnadmin == asked / "osnadmin"


def test_everything_that_is_missing_is_named_at_once_with_where_to_get_it(path):
    put(path, "peer", "osnadmin")
    with pytest.raises(UsageError, match="Fabric's orderer and configtxgen are not on PATH") as caught:
        FabricPrograms.find()
    assert "https://github.com/hyperledger/fabric/releases" in caught.value.hint
    assert "QUORATE_FABRIC_BIN" in caught.value.hint
    assert "--fabric-bin" in caught.value.hint


def test_one_that_is_missing_in_a_directory(path, tmp_path):
    put(path, *PROGRAMS)
    asked = put(tmp_path / "asked", "peer", "orderer", "osnadmin")
    with pytest.raises(UsageError, match=f"Fabric's configtxgen is not in {asked}"):
        FabricPrograms.find(asked)


def test_a_file_that_cannot_be_run_is_missing(path):
    put(path, *PROGRAMS)
    (path / "peer").chmod(0o644)
    with pytest.raises(UsageError, match="peer is not"):
        FabricPrograms.find()


def test_the_version_is_the_programs_own_word(path):
    put(path, *PROGRAMS, version="2.5.16")
    assert FabricPrograms.find().version() == "2.5.16"
    FabricPrograms.find().require("2.5")


def test_another_version_than_the_topology_asks_for_is_refused(path):
    put(path, *PROGRAMS, version="2.5.16")
    with pytest.raises(UsageError, match=r"asks for Fabric 3\.1, .* are 2\.5\.16") as caught:
        FabricPrograms.find().require("3.1")
    assert 'fabric_version = "2.5"' in caught.value.hint


def test_programs_of_different_releases_are_refused(path):
    put(path, *PROGRAMS)
    put(path, "orderer", version="2.5.16")
    with pytest.raises(UsageError, match=r"peer 3\.1\.5 and orderer 2\.5\.16"):
        FabricPrograms.find().version()


def test_something_else_of_that_name_is_not_fabric(path):
    put(path, *PROGRAMS)
    (path / "peer").write_text("#!/bin/sh\necho hello\n")
    with pytest.raises(UsageError, match="does not tell its version"):
        FabricPrograms.find().version()
