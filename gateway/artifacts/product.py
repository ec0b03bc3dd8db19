"""An artefact that is being made here: a file to write to, and a digest once it is whole."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, BinaryIO, Protocol, Self

from gateway.artifacts.label import Description, Label
from quorate.digest import Digest, digest_stream
from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

_READ = 1024 * 1024


class _Adopt(Protocol):
    async def __call__(self, description: Description, path: Path, *, durable: bool) -> None: ...


class Product:
    """A new artefact of a known size. `ArtifactStore.producing` makes it.

    Attributes
    ----------
    file
        Where to write; from a thread, for writing blocks.
    """

    def __init__(self, path: Path, label: Label, size: int, adopt: _Adopt) -> None:
        self._path = path
        self._label = label
        self._size = size
        self._adopt = adopt
        self.file: BinaryIO = path.open("w+b")

    async def commit(self) -> Digest:
        """Keep what was written, and return its digest.

        Raises
        ------
        UsageError
            When it has another size than was announced.
        """
        digest, size = await asyncio.to_thread(self._measure)
        if size != self._size:
            raise UsageError(f"{size} bytes were written, not the {self._size} announced")
        await self._adopt(Description(digest=digest, size=size, label=self._label), self._path, durable=True)
        return digest

    def _measure(self) -> tuple[Digest, int]:
        # Read back from the file, not taken while writing: the writer may seek.
        self.file.flush()
        size = self.file.seek(0, 2)
        self.file.seek(0)
        return digest_stream(self._chunks()), size

    def _chunks(self) -> Iterator[bytes]:
        while chunk := self.file.read(_READ):
            yield chunk

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()
