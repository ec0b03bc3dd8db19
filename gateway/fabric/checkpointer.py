"""Remembering how far events have been dealt with."""

from __future__ import annotations

import json
import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, Protocol

from gateway.fabric.position import block_of
from quorate.errors import IntegrityError, StorageError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.fabric.chaincode_events import ChaincodeEvent

_MAX_BYTES: Final = 4096


class Checkpoint(Protocol):
    """A position to begin from; block 0 without a transaction counts as none."""

    @property
    def block_number(self) -> int:
        """The block in which the next event is expected."""
        ...

    @property
    def transaction_id(self) -> str:
        """The last transaction dealt with in that block; empty when none."""
        ...


class Checkpointer(ABC):
    """Records what has been dealt with; a stream can begin where it stands.

    The reader calls it after it has dealt with an event. Block 0 without a transaction means that nothing is recorded.
    """

    def __init__(self, block_number: int = 0, transaction_id: str = "") -> None:
        self._block_number = block_of(block_number)
        self._transaction_id = transaction_id

    @property
    def block_number(self) -> int:
        """The block in which the next event is expected."""
        return self._block_number

    @property
    def transaction_id(self) -> str:
        """The last transaction dealt with in that block; empty when none."""
        return self._transaction_id

    def checkpoint_block(self, block_number: int) -> None:
        """Record that a whole block has been dealt with."""
        self.checkpoint_transaction(block_number + 1, "")

    def checkpoint_chaincode_event(self, event: ChaincodeEvent) -> None:
        """Record that an event has been dealt with."""
        self.checkpoint_transaction(event.block_number, event.transaction_id)

    def checkpoint_transaction(self, block_number: int, transaction_id: str) -> None:
        """Record that a block has been dealt with up to and including this transaction."""
        self._save(block_of(block_number), transaction_id)
        self._block_number, self._transaction_id = block_number, transaction_id

    @abstractmethod
    def _save(self, block_number: int, transaction_id: str) -> None: ...


class InMemoryCheckpointer(Checkpointer):
    """Forgets with the process."""

    def _save(self, block_number: int, transaction_id: str) -> None:
        """Keep nothing but what the base keeps."""


class FileCheckpointer(Checkpointer):
    """Keeps the position in a file, which is replaced whole: after a crash it holds the old position or the new one.

    Parameters
    ----------
    path
        The file; its folder must exist. One process at a time may use it.

    Raises
    ------
    IntegrityError
        The file is not a checkpoint.
    StorageError
        It cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(*_load(path))

    def _save(self, block_number: int, transaction_id: str) -> None:
        data = json.dumps({"blockNumber": block_number, "transactionId": transaction_id}).encode()
        beside = self._path.with_name(self._path.name + ".new")
        try:
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self._path)
            _sync_folder(self._path.parent)
        except OSError as error:
            raise StorageError(f"cannot write the checkpoint {self._path}: {error.strerror}", cause=error) from error


def _load(path: Path) -> tuple[int, str]:
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        return 0, ""
    except OSError as error:
        raise StorageError(f"cannot read the checkpoint {path}: {error.strerror}", cause=error) from error
    try:
        return _parse(data)
    except (ValueError, UsageError) as error:
        hint = "Move it away to begin again from a block of your choice."
        raise IntegrityError(f"{path} is not a checkpoint", hint=hint, cause=error) from error


def _parse(data: bytes) -> tuple[int, str]:
    match json.loads(data):
        case {"blockNumber": int(block), "transactionId": str(transaction)} if not isinstance(block, bool):
            return block_of(block), transaction
    raise ValueError("no block number and transaction id")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
