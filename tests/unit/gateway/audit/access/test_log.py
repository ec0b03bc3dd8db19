"""The access log is one chain that tells every alteration, and is what the ledger's anchors say."""

import sqlite3
import stat

import pytest

from gateway.audit.access import AccessLog
from gateway.audit.access.chain import Anchored, check_chain
from gateway.audit.access.entry import beginning
from quorate.errors import IntegrityError, StorageError
from quorate.identifiers import MspId


@pytest.fixture
def path(tmp_path):
    return tmp_path / "audit" / "access.db"


def texts(path):
    with sqlite3.connect(path) as connection:
        return [bytes(text) for (text,) in connection.execute("SELECT entry FROM entries ORDER BY number")]


def test_entries_follow_each_other(log, add):
    first, second, third = add("members", "spending", "reads")
    assert (first.number, second.number, third.number) == (1, 2, 3)
    assert first.previous == beginning("AlderMSP")
    assert (second.previous, third.previous) == (first.digest, second.digest)
    assert log.count == 3
    head = log.check([])
    assert (head.entries, head.head, head.anchored) == (3, third.digest, 0)
    assert [entry.what for entry in log.entries(2)] == ["question/spending", "question/reads"]


def test_it_goes_on_after_a_restart(log, add, path, officer):
    [last] = add("members")
    log.close()
    again = AccessLog.open(path, MspId("AlderMSP"))
    entry = again.add(officer, via="portal", what="events", asked={}, height=9, decision=None, time=5)
    assert entry.previous == last.digest
    assert again.check([]).entries == 2
    again.close()
    log._connection = sqlite3.connect(":memory:")  # for the fixture's end


def test_a_full_disk_lets_nobody_read_and_is_said_and_leaves_the_chain_whole(log, officer):
    def read():
        asked = {"text": "x" * 4000}
        return log.add(officer, via="portal", what="events", asked=asked, height=9, decision=None, time=5)

    first = read()
    [pages] = log._connection.execute("PRAGMA page_count").fetchone()
    log._connection.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(2):
        with pytest.raises(StorageError, match="writing the access log failed: database or disk is full"):
            read()
    log._connection.execute(f"PRAGMA max_page_count = {pages + 100}")
    assert read().previous == first.digest
    assert log.check([]).entries == 2


def test_entries_can_be_neither_changed_nor_deleted_by_accident(log, add, path):
    add("members", "spending")
    for statement in ("UPDATE entries SET entry = x'00'", "DELETE FROM entries WHERE number = 2"):
        with sqlite3.connect(path) as connection, pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    assert log.check([]).entries == 2


@pytest.mark.parametrize("place", range(3))
def test_any_changed_byte_is_told(add, path, place):
    add("members", "spending", "reads")
    whole = texts(path)
    for at in range(len(whole[place])):
        altered = list(whole)
        data = bytearray(altered[place])
        data[at] ^= 1
        altered[place] = bytes(data)
        anchors = [Anchored(entries=3, head=check_chain("AlderMSP", whole, []).head, block=4)]
        with pytest.raises(IntegrityError):
            check_chain("AlderMSP", altered, anchors)


def test_entries_that_are_missing_moved_or_repeated_are_told(add, path):
    add("members", "spending", "reads")
    one, two, three = texts(path)
    anchors = [Anchored(entries=3, head=check_chain("AlderMSP", [one, two, three], []).head, block=4)]
    for altered, message in (
        ([one, three], "entry 3 of the access log stands where entry 2 is due"),
        ([two, one, three], "entry 2 of the access log stands where entry 1 is due"),
        ([one, one, two, three], "entry 1 of the access log stands where entry 2 is due"),
        ([one, two], "ends after 2 entries, and block 4 anchored 3"),
        ([], "ends after 0 entries, and block 4 anchored 3"),
    ):
        with pytest.raises(IntegrityError, match=message):
            check_chain("AlderMSP", altered, anchors)


def test_a_log_that_was_written_anew_is_not_what_was_anchored(add, log, tmp_path, officer):
    add("members", "spending")
    anchor = Anchored(entries=2, head=log.head().head, block=11)
    other = AccessLog.open(tmp_path / "other.db", MspId("AlderMSP"))
    for name in ("members", "limits"):
        other.add(officer, via="command", what=f"question/{name}", asked={}, height=7, decision=None, time=1000)
    assert other.check([]).entries == 2  # a chain in itself
    with pytest.raises(IntegrityError, match="entry 2 of the access log is not what block 11 anchored"):
        other.check([anchor])
    other.close()


def test_anchors_cover_what_was_before_them(log, add):
    add("members", "spending", "reads")
    first = [entry.digest for entry in log.entries()][1]
    assert log.check([Anchored(entries=2, head=first, block=5)]).anchored == 2


def test_a_log_of_another_organisation_does_not_begin_here(add, path):
    add("members")
    with pytest.raises(IntegrityError, match="entry 1 of the access log does not follow"):
        check_chain("BirchMSP", texts(path), [])


def test_deletions_are_entries_with_their_basis(log, officer):
    asked = {
        "kind": "update",
        "digest": "sha256:" + "ab" * 32,
        "study": "one",
        "basis": "retention: updates until round",
    }
    log.add(officer, via="gateway", what="deletion", asked=asked, height=3, decision=None, time=17)
    [row] = log.deletions()
    assert (row.what, row.about, row.basis, row.time) == ("update", asked["digest"], asked["basis"], 17)
    assert row.where == "off the ledger"


def test_the_file_is_the_owners_alone(log, path):  # noqa: ARG001 - it makes the file
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_is_no_log_is_said(tmp_path):
    (tmp_path / "log.db").write_bytes(b"something else, long enough to be read as a database" * 100)
    with pytest.raises(StorageError, match="cannot be used as an access log"):
        AccessLog.open(tmp_path / "log.db", MspId("AlderMSP"))
    (tmp_path / "link.db").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StorageError, match="cannot be opened"):
        AccessLog.open(tmp_path / "link.db", MspId("AlderMSP"))
