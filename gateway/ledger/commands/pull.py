"""Fetching artefacts for a command: into a store of its own first, so that only whole and checked bytes appear."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from gateway.artifacts.store import ArtifactStore
from gateway.artifacts.transfer import ArtifactClient
from quorate.errors import AlreadyExistsError, StorageError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from gateway.artifacts.label import Description
    from gateway.ledger.session import Session

_SECONDS: Final = 600.0


@asynccontextmanager
async def pulled(
    session: Session, descriptions: Iterable[Description], *, beside: Path | None = None
) -> AsyncIterator[ArtifactStore]:
    """Fetch artefacts from the own gateway into a temporary store, which is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=".quorate-", dir=beside) as name:
        store = await ArtifactStore.open(Path(name))
        client = ArtifactClient(session.channel)
        for description in descriptions:
            await client.get(description, store, within=_SECONDS, durable=False)
        yield store


async def pull_to(session: Session, description: Description, path: Path) -> None:
    """Fetch one artefact to a new file, which appears whole or not at all.

    Raises
    ------
    AlreadyExistsError
        When there is a file of that name.
    StorageError
        When the file cannot be written.
    QuorateError
        What the gateway answered.
    """

    def keep(source: IO[bytes]) -> None:
        with tempfile.TemporaryDirectory(prefix=".quorate-", dir=path.parent) as name:
            part = Path(name, path.name)
            with part.open("xb") as out:
                shutil.copyfileobj(source, out)
            _require_new(path)  # another one may have been made meanwhile
            part.rename(path)

    _require_new(path)
    try:
        async with (
            pulled(session, [description], beside=path.parent) as store,
            store.reading(description.digest) as file,
        ):
            await asyncio.to_thread(keep, file)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}", cause=error) from error


def _require_new(path: Path) -> None:
    if os.path.lexists(path):
        raise AlreadyExistsError(f"{path} exists already", hint="Name a new file, or remove that one first.")
