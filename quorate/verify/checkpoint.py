"""What a verifier remembers of a ledger so as not to ask everything again: as trustworthy as where it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from quorate.errors import StorageError, UsageError
from quorate.records.common import DigestText, Document

if TYPE_CHECKING:
    from pathlib import Path

_MOST: Final = 4096


class Checkpoint(Document):
    """A height up to which a whole ledger was verified.

    The header stands for every block before it, and the commit hash for every validation code and every write.
    """

    SCHEMA: ClassVar[str] = "quorate.checkpoint/1"
    channel: Annotated[str, StringConstraints(max_length=256)]
    chaincode: Annotated[str, StringConstraints(max_length=256)]
    genesis: DigestText
    height: Annotated[int, Field(ge=1, le=2**53 - 1)]
    header: DigestText
    commit_hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

    @classmethod
    def load(cls, path: Path) -> Checkpoint | None:
        """Return what is remembered in a file, None when there is none.

        Raises
        ------
        UsageError
            When it is not a checkpoint of this version.
        StorageError
            When it cannot be read.
        """
        try:
            with path.open("rb") as file:
                data = file.read(_MOST + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{path} cannot be read: {error.strerror}", cause=error) from error
        if len(data) > _MOST:
            raise UsageError(f"{path} is no checkpoint: it is too large", hint="Name the file that --remember wrote.")
        try:
            return cls.parse(data.strip())
        except UsageError as error:
            raise UsageError(
                f"{path} is no checkpoint: {error}",
                hint="Name the file that --remember wrote, or a new one.",
                cause=error,
            ) from error

    def save(self, path: Path) -> None:
        """Write it to a file, whole or not at all.

        Raises
        ------
        StorageError
            When it cannot be written.
        """
        new = path.with_name(f".{path.name}.new")
        try:
            new.write_bytes(self.encode() + b"\n")
            new.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}", cause=error) from error
