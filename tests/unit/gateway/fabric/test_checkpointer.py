from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from gateway.fabric import ChaincodeEvent, Checkpointer, FileCheckpointer, InMemoryCheckpointer
from quorate.errors import IntegrityError, StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["memory", "file"])
def checkpointer(request: pytest.FixtureRequest, tmp_path: Path) -> Checkpointer:
    return InMemoryCheckpointer() if request.param == "memory" else FileCheckpointer(tmp_path / "checkpoint")


def where(checkpointer: Checkpointer) -> tuple[int, str]:
    return checkpointer.block_number, checkpointer.transaction_id


def test_it_begins_nowhere(checkpointer: Checkpointer) -> None:
    assert where(checkpointer) == (0, "")


def test_after_a_block_it_stands_before_the_next(checkpointer: Checkpointer) -> None:
    checkpointer.checkpoint_block(101)
    assert where(checkpointer) == (102, "")


def test_after_a_transaction_it_stands_after_it(checkpointer: Checkpointer) -> None:
    checkpointer.checkpoint_transaction(7, "tx")
    assert where(checkpointer) == (7, "tx")


def test_after_an_event_it_stands_after_its_transaction(checkpointer: Checkpointer) -> None:
    event = ChaincodeEvent(block_number=9, transaction_id="tx", chaincode_name="c", event_name="e", payload=b"")
    checkpointer.checkpoint_chaincode_event(event)
    assert where(checkpointer) == (9, "tx")


def test_a_number_that_is_no_block_is_refused_and_changes_nothing(checkpointer: Checkpointer) -> None:
    checkpointer.checkpoint_transaction(7, "tx")
    with pytest.raises(UsageError, match="not a block number"):
        checkpointer.checkpoint_transaction(-1, "other")
    assert where(checkpointer) == (7, "tx")


def test_a_file_remembers(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    FileCheckpointer(path).checkpoint_transaction(7, "tx")
    assert where(FileCheckpointer(path)) == (7, "tx")
    assert json.loads(path.read_bytes()) == {"blockNumber": 7, "transactionId": "tx"}


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    checkpointer = FileCheckpointer(path)
    checkpointer.checkpoint_transaction(7, "tx")
    with path.open("rb") as before:  # a reader that opened the old file keeps the old content
        checkpointer.checkpoint_transaction(8, "")
        assert json.loads(before.read()) == {"blockNumber": 7, "transactionId": "tx"}
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint"]


def test_a_write_that_was_cut_short_leaves_the_old_position(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint"
    FileCheckpointer(path).checkpoint_transaction(7, "tx")
    (tmp_path / "checkpoint.new").write_bytes(b'{"blockNum')
    assert where(FileCheckpointer(path)) == (7, "tx")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write in every folder")
def test_a_folder_that_cannot_be_written_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    checkpointer = FileCheckpointer(folder / "checkpoint")
    checkpointer.checkpoint_transaction(7, "tx")
    folder.chmod(0o500)
    with pytest.raises(StorageError, match="cannot write"):
        checkpointer.checkpoint_transaction(8, "ty")
    folder.chmod(0o700)
    assert where(checkpointer) == (7, "tx")


def test_a_folder_that_is_gone_is_an_error_and_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    checkpointer = FileCheckpointer(folder / "checkpoint")
    folder.rmdir()
    with pytest.raises(StorageError, match="cannot write"):
        checkpointer.checkpoint_transaction(8, "ty")
    assert where(checkpointer) == (0, "")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b'{"blockNumber": -1, "transactionId": ""}',
        b'{"blockNumber": "1", "transactionId": ""}',
        b'{"blockNumber": true, "transactionId": ""}',
        b'{"blockNumber": 18446744073709551616, "transactionId": ""}',
        b"\xff",
        b'{"blockNumber": 1, "transactionId": "' + b"a" * 5000 + b'"}',
    ],
)
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint"
    path.write_bytes(content)
    with pytest.raises(IntegrityError, match="is not a checkpoint"):
        FileCheckpointer(path)
    assert path.read_bytes() == content
