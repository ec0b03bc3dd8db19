"""Reviewers stand on the ledger as keyed pseudonyms."""

import stat

import pytest

from gateway.audit.pseudonyms import new_key, pseudonym, read_key, resolve
from quorate.errors import AlreadyExistsError, UsageError

KEY = bytes(range(32))


def test_a_pseudonym_depends_on_key_organisation_and_name_and_on_nothing_else():
    own = pseudonym(KEY, "AlderMSP", "employee 17")
    assert len(own) == 64
    assert own == pseudonym(KEY, "AlderMSP", " employee 17\n")
    assert pseudonym(KEY, "AlderMSP", "Zoe\u0308") == pseudonym(KEY, "AlderMSP", "Zoë")
    others = {
        pseudonym(KEY, "AlderMSP", "employee 18"),
        pseudonym(KEY, "BirchMSP", "employee 17"),
        pseudonym(bytes(32), "AlderMSP", "employee 17"),
    }
    assert len(others | {own}) == 4


def test_only_who_has_the_key_can_tell_who_it_was():
    names = ["employee 17\n", "employee 18\n"]
    own = pseudonym(KEY, "AlderMSP", "employee 18")
    assert resolve(KEY, "AlderMSP", names)[own] == "employee 18"
    assert own not in resolve(bytes(32), "AlderMSP", names)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_what_is_no_name(name):
    with pytest.raises(UsageError, match="from 1 to 200"):
        pseudonym(KEY, "AlderMSP", name)


def test_a_key_is_written_once_for_its_owner_alone(tmp_path):
    path = tmp_path / "reviewers.key"
    new_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(read_key(path)) == 32
    with pytest.raises(AlreadyExistsError):
        new_key(path)
    path.chmod(0o640)
    with pytest.raises(UsageError, match="mode 0640"):
        read_key(path)


@pytest.mark.parametrize("content", [b"", b"zz", b"ab" * 31, b"\xff\xfe"])
def test_what_is_no_key(tmp_path, content):
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UsageError, match="reviewers' key"):
        read_key(path)
