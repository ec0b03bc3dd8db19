"""What the agent must not forget, and what it must."""

import errno
import os
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.agent.journal import Entry, Journal, Stage
from quorate.digest import digest_of
from quorate.errors import IntegrityError, NoSpaceError, StorageError, UsageError

BASE = digest_of(b"base")


def begin(round_=1, *, study="one", dataset="rows"):
    return Entry.begin(study=study, round_=round_, dataset=dataset, base=BASE)


@pytest.fixture
def journal(tmp_path):
    return Journal(tmp_path / "journal")


def write(data):
    def fill(file):
        file.write(data)
        return digest_of(data)

    return fill


def test_an_entry_outlives_the_process(journal, tmp_path):
    entry = journal.record(begin())
    assert Journal(tmp_path / "journal").find("one", 1, "rows") == entry
    assert journal.find("one", 2, "rows") is None


def test_every_round_has_a_secret_of_its_own():
    assert len({begin().secret for _ in range(50)}) == 50


def test_only_the_owner_can_read_it(journal, tmp_path):
    journal.store_update(begin(), write(b"update"))
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "journal").iterdir()}
    assert set(modes.values()) == {0o600}
    assert (tmp_path / "journal").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("stage", [Stage.COMMITTED, Stage.GIVEN_UP])
def test_a_done_round_loses_its_secret(journal, stage):
    assert journal.record(replace(begin(), stage=stage)).secret == b""
    assert journal.find("one", 1, "rows").secret == b""


def test_a_secret_is_never_shown():
    entry = begin()
    assert entry.secret.hex() not in f"{entry!r} {entry}"


def test_an_update_is_held_only_while_it_is_whole(journal):
    entry = journal.store_update(begin(), write(b"update"))
    assert (entry.stage, entry.update) == (Stage.STORED, digest_of(b"update"))
    assert journal.holds_update(entry)
    journal.update_path(entry).write_bytes(b"updatf")
    assert not journal.holds_update(entry)
    journal.update_path(entry).unlink()
    assert not journal.holds_update(entry)


def test_a_write_that_fails_leaves_what_was_there(journal):
    entry = journal.record(begin())

    def fail(_file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(NoSpaceError):
        journal.store_update(entry, fail)
    assert journal.find("one", 1, "rows") == entry
    assert not journal.update_path(entry).exists()


def test_what_a_crash_tore_is_cleared_at_the_start(journal, tmp_path):
    journal.record(begin())
    torn = tmp_path / "journal" / "one~000001~rows.json.part"
    torn.write_bytes(b"{")
    assert Journal(tmp_path / "journal").find("one", 1, "rows") is not None
    assert not torn.exists()


def test_earlier_rounds_of_the_same_data_set_end_and_no_others(journal):
    kept = [begin(3), begin(1, study="two"), begin(1, dataset="others")]
    for entry in (begin(1), begin(2), *kept):
        journal.store_update(entry, write(b"update"))
    journal.end_before("one", 3, "rows")
    for number in (1, 2):
        entry = journal.find("one", number, "rows")
        assert (entry.stage, entry.secret, journal.holds_update(entry)) == (Stage.GIVEN_UP, b"", False)
    for each in kept:
        entry = journal.find(each.study, each.round, each.dataset)
        assert entry.secret == each.secret
        assert journal.holds_update(entry)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_flipped_byte_is_another_entry_or_none(place, bits):
    entry = replace(begin(), secret=bytes(range(32)))
    data = bytearray(entry.encode())
    data[place % len(data)] ^= bits
    try:
        found = Entry.decode(bytes(data))
    except IntegrityError:
        return
    assert found != entry
    assert found.encode() == bytes(data)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"STARTED"', b'"DONE"'),
        (b'"STARTED"', b'"COMMITTED"'),
        (b'"STARTED"', b'"STORED"'),
        (b"quorate.journal/1", b"quorate.journal/2"),
        (b'"round":1', b'"round":true'),
        (b'"round":1', b'"round":"1"'),
        (b'"study":"one"', b'"study":"../one"'),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused_with_the_way_out(old, new):
    data = begin().encode()
    assert old in data
    with pytest.raises(IntegrityError) as caught:
        Entry.decode(data.replace(old, new))
    assert "Move the file away" in caught.value.hint


def test_a_name_cannot_lead_out_of_the_directory(journal):
    for wrong in ("../up", "a/b", "a~b", ""):
        with pytest.raises(UsageError):
            journal.find(wrong, 1, "rows")
        with pytest.raises(UsageError):
            journal.find("one", 1, wrong)


def test_a_directory_that_cannot_be_made_says_so(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError):
        Journal(tmp_path / "file" / "journal")
