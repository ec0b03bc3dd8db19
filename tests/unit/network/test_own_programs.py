import pytest

from network import own_programs
from quorate.errors import UsageError


@pytest.fixture
def room(tmp_path, monkeypatch):
    monkeypatch.delenv("QUORATE_EMBEDDED_BIN", raising=False)
    monkeypatch.setattr(own_programs, "_ROOM", tmp_path / "network")
    return tmp_path


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_variable_comes_first_then_the_wheel_then_the_build(room, monkeypatch):
    built = put(room / "build" / "quorate-embedded")
    assert own_programs.find_embedded_program() == built
    packaged = put(room / "network" / "bin" / "quorate-embedded")
    assert own_programs.find_embedded_program() == packaged
    named = put(room / "mine")
    monkeypatch.setenv("QUORATE_EMBEDDED_BIN", str(named))
    assert own_programs.find_embedded_program() == named


def test_without_it_there_is_one_error_with_a_hint(room):  # noqa: ARG001 - an empty one
    with pytest.raises(UsageError, match="is not installed") as caught:
        own_programs.find_embedded_program()
    assert "make setup" in caught.value.hint


def test_a_file_that_cannot_be_run_is_not_the_program(room, monkeypatch):
    named = put(room / "mine")
    named.chmod(0o644)
    monkeypatch.setenv("QUORATE_EMBEDDED_BIN", str(named))
    with pytest.raises(UsageError, match="is not a program"):
        own_programs.find_embedded_program()
