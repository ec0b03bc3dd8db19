from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from participants.agent.journal import Entry, Journal, Stage
from quorate import canonical
from quorate.digest import Digest, digest_of
from quorate.errors import IntegrityError, StorageError, UsageError

BASE = digest_of(b"base")
UPDATE = b"an update"


def begun(round_: int = 1, dataset: str = "ward", study: str = "heart") -> Entry:
    return Entry.begin(study=study, round_=round_, dataset=dataset, base=BASE)


def write_update(file: BinaryIO) -> Digest:
    file.write(UPDATE)
    return digest_of(UPDATE)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_recorded_is_found_also_by_the_next_process(journal: Journal, tmp_path: Path):
    entry = journal.record(begun())

    assert journal.find("heart", 1, "ward") == entry
    assert Journal(tmp_path / "journal").find("heart", 1, "ward") == entry
    assert journal.find("heart", 2, "ward") is None


def test_every_entry_has_a_secret_of_its_own():
    secrets = {begun().secret for _ in range(50)}

    assert len(secrets) == 50
    assert {len(secret) for secret in secrets} == {32}


def test_secrets_are_in_no_text(journal: Journal):
    entry = journal.record(begun())

    assert entry.secret.hex() not in repr(entry)
    assert entry.secret.hex() not in str(entry)


@pytest.mark.parametrize("stage", [Stage.COMMITTED, Stage.GIVEN_UP])
def test_a_done_entry_has_no_secret_in_memory_or_on_disk(journal: Journal, tmp_path: Path, stage: Stage):
    entry = journal.record(begun())

    done = journal.record(replace(entry, stage=stage))

    assert done.secret == b""
    assert journal.find("heart", 1, "ward") == done
    assert all(entry.secret.hex().encode() not in path.read_bytes() for path in tmp_path.rglob("*.*"))


def test_only_the_owner_can_read_the_journal(journal: Journal, tmp_path: Path):
    (tmp_path / "journal").chmod(0o755)
    Journal(tmp_path / "journal")
    entry = journal.store_update(journal.record(begun()), write_update)

    assert mode(tmp_path / "journal") == 0o700
    assert {mode(path) for path in (tmp_path / "journal").iterdir()} == {0o600}
    assert journal.update_path(entry).read_bytes() == UPDATE


def test_an_update_is_written_before_the_entry_that_names_it(journal: Journal):
    entry = journal.record(begun())

    def write_and_look(file: BinaryIO) -> Digest:
        assert journal.find("heart", 1, "ward") == entry
        return write_update(file)

    stored = journal.store_update(entry, write_and_look)

    assert (stored.stage, stored.update) == (Stage.STORED, digest_of(UPDATE))
    assert journal.holds_update(stored)


def test_an_update_that_cannot_be_written_leaves_the_entry_as_it_was(journal: Journal, tmp_path: Path):
    entry = journal.record(begun())

    def fail(file: BinaryIO) -> Digest:
        file.write(UPDATE)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        journal.store_update(entry, fail)

    assert journal.find("heart", 1, "ward") == entry
    assert [path.name for path in (tmp_path / "journal").iterdir()] == ["heart~000001~ward.json"]


@pytest.mark.parametrize("change", [b"", b"another", None])
def test_an_update_that_is_not_here_whole_is_not_held(journal: Journal, change: bytes | None):
    entry = journal.store_update(journal.record(begun()), write_update)
    path = journal.update_path(entry)
    path.unlink() if change is None else path.write_bytes(change)

    assert not journal.holds_update(entry)


def test_what_a_crash_left_half_written_is_removed_at_the_start(journal: Journal, tmp_path: Path):
    entry = journal.record(begun())
    torn = tmp_path / "journal" / "heart~000001~ward.json.part"
    torn.write_bytes(b"half")

    again = Journal(tmp_path / "journal")

    assert not torn.exists()
    assert again.find("heart", 1, "ward") == entry


def test_the_end_of_a_round_takes_update_and_secret(journal: Journal):
    open_, stored = journal.record(begun(1)), journal.store_update(journal.record(begun(2)), write_update)
    committed = journal.record(replace(stored, stage=Stage.COMMITTED))

    journal.end(open_)
    journal.end(committed)
    journal.end(committed)

    assert journal.find("heart", 1, "ward") == replace(open_, stage=Stage.GIVEN_UP, reason="ended", secret=b"")
    assert journal.find("heart", 2, "ward") == committed
    assert not journal.update_path(committed).exists()


def test_earlier_rounds_are_ended_and_no_others(journal: Journal):
    for number in (1, 2, 3):
        journal.store_update(journal.record(begun(number)), write_update)
    for other in (begun(1, dataset="yard"), begun(1, study="lungs"), begun(1, dataset="ward.b")):
        journal.store_update(journal.record(other), write_update)

    journal.end_before("heart", 3, "ward")

    stages = {
        (entry.study, entry.round, entry.dataset): entry.stage
        for number in (1, 2, 3)
        for study in ("heart", "lungs")
        for dataset in ("ward", "yard", "ward.b")
        if (entry := journal.find(study, number, dataset))
    }
    assert stages == {
        ("heart", 1, "ward"): Stage.GIVEN_UP,
        ("heart", 2, "ward"): Stage.GIVEN_UP,
        ("heart", 3, "ward"): Stage.STORED,
        ("heart", 1, "yard"): Stage.STORED,
        ("lungs", 1, "ward"): Stage.STORED,
        ("heart", 1, "ward.b"): Stage.STORED,
    }


def test_an_entry_is_forced_to_disk_before_it_replaces_the_old_one_and_its_name_after(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    forced: list[tuple[str, bool]] = []
    directory, whole = tmp_path / "journal", tmp_path / "journal" / "heart~000001~ward.json"
    force = os.fsync

    def fsync(descriptor: int) -> None:
        forced.append((Path(f"/proc/self/fd/{descriptor}").readlink().name, whole.exists()))
        force(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)

    journal.record(begun())

    assert forced == [(f"{whole.name}.part", False), (directory.name, True)]


def test_ids_that_leave_the_directory_are_refused(journal: Journal):
    for study, dataset in (("../heart", "ward"), ("heart", "a/b"), ("heart~1", "ward"), ("", "ward")):
        with pytest.raises(UsageError):
            journal.find(study, 1, dataset)


def test_a_journal_that_cannot_be_written_says_so(tmp_path: Path):
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(StorageError):
        Journal(tmp_path / "file" / "journal")


DOCUMENT = {
    "schema": "quorate.journal/1",
    "study": "heart",
    "round": 1,
    "dataset": "ward",
    "base": BASE,
    "stage": "RESERVED",
    "secret": "00" * 32,
    "update": "",
    "reason": "",
}


@pytest.mark.parametrize(
    "change",
    [
        {"schema": "quorate.journal/2"},
        {"stage": "DONE"},
        {"stage": "COMMITTED"},  # with a secret
        {"stage": "STORED"},  # without an update
        {"secret": ""},
        {"secret": "00" * 31},
        {"secret": "zz" * 32},
        {"secret": 7},
        {"round": "1"},
        {"round": True},
        {"round": 0},
        {"study": "../heart"},
        {"base": "sha256:0"},
        {"update": "sha256:0"},
        {"reason": None},
        {"surplus": 1},
    ],
    ids=str,
)
def test_a_damaged_entry_is_an_error_and_not_an_empty_one(journal: Journal, tmp_path: Path, change: dict[str, object]):
    (tmp_path / "journal" / "heart~000001~ward.json").write_bytes(canonical.dumps(DOCUMENT | change))

    with pytest.raises(IntegrityError, match="journal entry"):
        journal.find("heart", 1, "ward")


def test_an_undamaged_entry_is_read(journal: Journal, tmp_path: Path):
    (tmp_path / "journal" / "heart~000001~ward.json").write_bytes(canonical.dumps(DOCUMENT))

    assert journal.find("heart", 1, "ward") == replace(begun(), stage=Stage.RESERVED, secret=bytes(32))


@given(data=st.binary(max_size=300))
def test_no_bytes_are_mistaken_for_an_entry(data: bytes):
    with pytest.raises(IntegrityError):
        Entry.decode(data)


@given(
    stage=st.sampled_from(Stage),
    reason=st.text(max_size=40).filter(lambda text: text.isprintable()),
    round_=st.integers(1, 10_000),
)
def test_an_entry_survives_its_encoding(stage: Stage, reason: str, round_: int):
    secret = b"" if stage.is_done else bytes(range(32))
    entry = replace(begun(round_), stage=stage, secret=secret, reason=reason, update=digest_of(UPDATE))

    assert Entry.decode(entry.encode()) == entry
