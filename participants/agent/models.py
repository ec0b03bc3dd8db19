"""The base models that this agent trains from, fetched from its gateway and kept until the next one."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import IO, TYPE_CHECKING

from gateway.aggregator.inputs import model_description
from quorate.errors import QuorateError, StorageError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gateway.artifacts.label import Description
    from gateway.artifacts.store import ArtifactStore
    from gateway.artifacts.transfer import ArtifactClient
    from quorate.digest import Digest
    from quorate.records.study import StudyView


class ModelCache:
    """Models by digest, in a store of the agent's own."""

    def __init__(self, store: ArtifactStore, client: ArtifactClient) -> None:
        self._store = store
        self._client = client
        # Two data sets of one agent want the same model at the same moment; a second download would displace the first.
        self._turn = asyncio.Lock()

    async def hold(self, study: StudyView, digest: Digest, *, within: float) -> None:
        """Fetch a model of a study when it is not here, within so many seconds.

        Raises
        ------
        NotFoundError
            When the digest is no model of the study.
        UnreachableError
            When the gateway does not serve it, or not yet: it fetches a model once it is final, and so may be behind.
        StorageError
            When there is no room for it.
        """
        description = model_description(study, digest)
        async with self._turn:
            if self._store.has(digest):
                return
            try:
                await self._client.get(description, self._store, within=within)
            except StorageError:
                raise
            except QuorateError as error:
                raise UnreachableError(
                    f"the gateway does not serve {description.label} yet: {error.message}", hint=error.hint, cause=error
                ) from error

    @asynccontextmanager
    async def open(self, study: StudyView, digest: Digest, *, within: float) -> AsyncIterator[IO[bytes]]:
        """Open a model of a study, fetched first when it is not here; errors as `hold`."""
        await self.hold(study, digest, within=within)
        async with self._store.reading(digest) as file:
            yield file
        await self._drop_others(model_description(study, digest))

    async def _drop_others(self, kept: Description) -> None:
        for held in self._store.listing():
            if held.label.study == kept.label.study and held.digest != kept.digest:
                await self._store.remove(held.digest, held.label)
