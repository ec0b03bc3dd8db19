"""The store of one organisation's artefacts: whole ones by digest, unfinished ones for resumption, what each is."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final, Self

from gateway.artifacts.catalogue import Catalogue, Entry
from gateway.artifacts.disk import Room, boot_id, free_bytes, storage_errors
from gateway.artifacts.label import Description, Label
from gateway.artifacts.objects import LocalObjects, Objects
from gateway.artifacts.product import Product
from gateway.artifacts.staging import Staging
from quorate.digest import Digest, digest_of, digest_stream
from quorate.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

CHUNK: Final = 1024 * 1024
_RESERVE: Final = 256 * 1024 * 1024


class ArtifactStore:
    """Artefacts by digest. Everything that blocks runs in a thread; memory does not grow with an artefact's size.

    Made by `ArtifactStore.open`.
    """

    def __init__(self, objects: Objects, catalogue: Catalogue, staging: Staging) -> None:
        self._objects = objects
        self._catalogue = catalogue
        self._staging = staging
        self._boot = boot_id() or ""

    @classmethod
    async def open(
        cls, directory: Path, *, objects: Objects | None = None, reserve: int = _RESERVE, room: Room = free_bytes
    ) -> Self:
        """Open the store of a directory, which is created when absent.

        Parameters
        ----------
        directory
            Holds catalogue and unfinished artefacts, and whole ones too unless `objects` says otherwise.
        objects
            Where whole artefacts lie.
        reserve
            Bytes of the disk that are never used.
        room
            How much the disk has left; tests give their own.

        Raises
        ------
        StorageError
            When the directory cannot be read or written, or an entry is damaged.
        """

        def build() -> tuple[Objects, Catalogue, Staging]:
            with storage_errors(f"opening the artefact store {directory}"):
                # Updates are nobody's business before their round is sealed, other accounts of this machine included.
                directory.mkdir(mode=0o700, parents=True, exist_ok=True)
                whole = objects or LocalObjects(directory / "objects")
                catalogue = Catalogue(directory / "catalogue")
                _reconcile(catalogue, whole)
                return whole, catalogue, Staging(directory / "staging", reserve=reserve, room=room)

        return cls(*await asyncio.to_thread(build))

    def has(self, digest: Digest) -> bool:
        """Tell whether all of an artefact is here."""
        return digest in self._catalogue.entries

    def size(self, digest: Digest) -> int | None:
        """Return an artefact's size; None when it is not here."""
        entry = self._catalogue.entries.get(digest)
        return entry.size if entry else None

    def labels(self, digest: Digest) -> frozenset[Label]:
        """Return what an artefact is; empty when it is not here."""
        entry = self._catalogue.entries.get(digest)
        return entry.labels if entry else frozenset()

    def labelled(self, label: Label) -> int:
        """Return how many artefacts carry a label."""
        return sum(label in entry.labels for entry in self._catalogue.all())

    def since(self, digest: Digest) -> int:
        """Return when an artefact came, in Unix milliseconds; `NotFoundError` when it is not here."""
        entry = self._catalogue.entries.get(digest)
        if entry is None:
            raise NotFoundError(f"{digest} is not here")
        return entry.since

    def listing(self) -> tuple[Description, ...]:
        """Return every artefact once for each of its labels."""
        return tuple(
            Description(digest=entry.digest, size=entry.size, label=label)
            for entry in self._catalogue.all()
            for label in sorted(entry.labels, key=str)
        )

    def partial(self, digest: Digest, size: int) -> int:
        """Return how many bytes of an unfinished upload are kept."""
        return self._staging.kept(digest, size)

    async def discard(self, digest: Digest, size: int) -> None:
        """Drop what is kept of an unfinished upload."""
        await asyncio.to_thread(self._staging.discard, digest, size)

    async def discard_older(self, than: float) -> int:
        """Drop unfinished uploads last written before a Unix time in seconds; return how many."""
        return await asyncio.to_thread(self._staging.discard_older, than)

    async def receive(
        self,
        description: Description,
        chunks: AsyncIterator[bytes | memoryview],
        *,
        offset: int = 0,
        durable: bool = True,
    ) -> None:
        """Store an artefact whose bytes from `offset` on come in chunks.

        What came before an error stays for resumption, except after a wrong digest or a full disk. Bytes already here
        are not read again: only the label is added.

        Parameters
        ----------
        durable
            Force the bytes to disk. Without, they survive the end of this process but not of the machine, and are then
            dropped: right for what can be fetched again.

        Raises
        ------
        StateError
            When fewer than `offset` bytes are kept.
        UsageError
            When there are fewer or more bytes than the description says.
        IntegrityError
            When the digest differs.
        ConflictError
            When a newer upload of the same artefact takes over.
        NoSpaceError, StorageError
            When the disk does not take it.
        """
        if not self.has(description.digest):
            with self._staging.upload(description.digest, description.size, offset=offset) as upload:
                async for chunk in chunks:
                    await upload.write(chunk)
                await upload.finish()
                await self._adopt(description, upload.path, durable=durable)
        await self.attach(description.digest, description.label)

    async def attach(self, digest: Digest, label: Label) -> None:
        """Give bytes that are here another label; `NotFoundError` when they are not."""
        entry = self._catalogue.entries.get(digest)
        if entry is None:
            raise NotFoundError(f"{digest} is not here")
        if label not in entry.labels:
            await self._record(
                Entry(digest=digest, size=entry.size, labels=frozenset({label}), since=entry.since, boot=entry.boot)
            )

    async def put_bytes(self, label: Label, data: bytes) -> Digest:
        """Store bytes in memory; errors as `receive`."""

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(data), CHUNK):
                yield data[start : start + CHUNK]

        description = Description(digest=digest_of(data), size=len(data), label=label)
        await self.receive(description, chunks())
        return description.digest

    async def put_file(self, label: Label, path: Path) -> Digest:
        """Store a copy of a file; errors as `receive`."""
        with storage_errors(f"reading {path}"):
            digest, size = await asyncio.to_thread(_measure, path)
            with path.open("rb") as file:
                await self.receive(Description(digest=digest, size=size, label=label), _chunks_of(file))
        return digest

    @asynccontextmanager
    async def reading(self, digest: Digest) -> AsyncIterator[BinaryIO]:
        """Lend a seekable stream of an artefact, to be read in a thread; `NotFoundError` when it is not here."""
        if not self.has(digest):
            raise NotFoundError(f"{digest} is not here")
        with storage_errors(f"opening {digest}"):
            file = await _opened(partial(self._objects.open, digest))
        try:
            yield file
        finally:
            file.close()

    async def read(self, digest: Digest, *, offset: int = 0) -> AsyncIterator[bytes]:
        """Yield an artefact's bytes from an offset, in chunks of 1 MiB; `NotFoundError` when it is not here."""
        async with self.reading(digest) as file:
            with storage_errors(f"reading {digest}"):
                await asyncio.to_thread(file.seek, offset)
                async for chunk in _chunks_of(file):
                    yield chunk

    @asynccontextmanager
    async def producing(self, label: Label, *, size: int) -> AsyncIterator[Product]:
        """Lend a file to write an artefact of `size` bytes to, whose digest nobody knows yet.

        Nothing is stored unless `Product.commit` was called; `NoSpaceError` when `size` bytes do not fit.
        """
        with (
            self._staging.space(size),
            self._staging.product() as path,
            Product(path, label, size, self._adopt) as product,
        ):
            yield product

    async def remove(self, digest: Digest, label: Label) -> None:
        """Take a label away, and with the last one the bytes."""
        if await asyncio.to_thread(self._catalogue.unlabel, digest, label):
            with storage_errors(f"removing {digest}"):
                await asyncio.to_thread(self._objects.remove, digest)

    async def _adopt(self, description: Description, path: Path, *, durable: bool) -> None:
        durable = durable or not self._boot

        def adopt() -> None:
            with storage_errors(f"keeping {description.digest}"):
                self._objects.adopt(description.digest, path, durable=durable)

        await asyncio.to_thread(adopt)
        boot = "" if durable else self._boot
        labels, since = frozenset({description.label}), int(time.time() * 1000)
        await self._record(
            Entry(digest=description.digest, size=description.size, labels=labels, since=since, boot=boot)
        )

    async def _record(self, entry: Entry) -> None:
        def put() -> None:
            with storage_errors(f"recording {entry.digest}"):
                self._catalogue.put(entry)

        await asyncio.to_thread(put)


async def _opened(opening: Callable[[], BinaryIO]) -> BinaryIO:
    """Open in a thread; a file that nobody waits for any more when it is open is closed again."""
    thread = asyncio.get_running_loop().run_in_executor(None, opening)
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        thread.add_done_callback(_close_unused)
        raise


def _close_unused(opening: asyncio.Future[BinaryIO]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()


async def _chunks_of(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        yield chunk


def _measure(path: Path) -> tuple[Digest, int]:
    def chunks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk

    return digest_stream(chunks()), path.stat().st_size


def _reconcile(catalogue: Catalogue, objects: Objects) -> None:
    # A crash can leave an object without an entry; a restart of the machine can leave unforced bytes torn.
    boot, here = boot_id() or "", set(objects.digests())
    for entry in catalogue.all():
        torn = entry.boot and entry.boot != boot
        if torn or entry.digest not in here or objects.size(entry.digest) != entry.size:
            catalogue.drop(entry.digest)
    for digest in here - set(catalogue.entries):
        objects.remove(digest)
