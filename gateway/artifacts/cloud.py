"""Whole artefacts in an object store: S3, GCS, Azure, or whatever else obstore reaches."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, Self, cast

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import from_url

from quorate.digest import Digest, hex_of, parse_digest
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from obstore import ReadableFile
    from obstore.store import ObjectStore


class CloudObjects:
    """Whole artefacts as objects named by their hexadecimal digest. Durable once `adopt` returns.

    The place is one store's own: what its catalogue does not know is removed from it.

    Parameters
    ----------
    store
        Where they lie, prefix and credentials included.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def at(cls, url: str) -> Self:
        """Return the objects under a URL such as ``s3://bucket/prefix``; credentials come from the environment.

        Raises
        ------
        UsageError
            When the URL is not one that obstore understands.
        """
        try:
            return cls(from_url(url))
        except (BaseError, ValueError) as error:
            raise UsageError(f"{url} is no object store: {error}", cause=error) from error

    def adopt(self, digest: Digest, path: Path, *, durable: bool) -> None:  # noqa: ARG002 - object stores are durable
        """Upload the file in parts, then remove it; see `gateway.artifacts.objects.Objects`."""
        try:
            obstore.put(self._store, hex_of(digest), path)
        except BaseError as error:
            raise OSError(None, f"the object store refused {digest}: {error}") from error
        path.unlink()

    def open(self, digest: Digest) -> BinaryIO:
        """Open the object; it is read in ranges as they are asked for."""
        try:
            return cast("BinaryIO", io.BufferedReader(_Raw(obstore.open_reader(self._store, hex_of(digest)))))
        except (NotFoundError, FileNotFoundError) as error:
            raise FileNotFoundError(None, f"{digest} is not in the object store") from error

    def size(self, digest: Digest) -> int | None:
        """Return the object's size; None when there is none."""
        try:
            return obstore.head(self._store, hex_of(digest))["size"]
        except (NotFoundError, FileNotFoundError):
            return None

    def remove(self, digest: Digest) -> None:
        """Delete the object."""
        with suppress(NotFoundError, FileNotFoundError):
            obstore.delete(self._store, hex_of(digest))

    def digests(self) -> Iterable[Digest]:
        """Return the digests of the objects; others of the same bucket are passed over."""
        return list(self._digests())

    def _digests(self) -> Iterator[Digest]:
        for page in obstore.list(self._store):
            for item in page:
                with suppress(UsageError):
                    yield parse_digest(f"sha256:{item['path']}")


class _Raw(io.RawIOBase):
    """obstore's reader as a raw stream of Python's, which it is but for its type."""

    def __init__(self, file: ReadableFile) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(cast("bytearray", buffer)).cast("B")
        data = self._file.read(len(view))
        view[: len(data)] = memoryview(data)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
