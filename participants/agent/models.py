"""The base models that this agent trains from, fetched from its gateway and kept until the next one."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import IO, TYPE_CHECKING

from gateway.aggregator.inputs import model_description

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

    @asynccontextmanager
    async def open(self, study: StudyView, digest: Digest, *, within: float) -> AsyncIterator[IO[bytes]]:
        """Open a model of a study, fetched first when it is not here; within so many seconds.

        Raises
        ------
        NotFoundError
            When the digest is no model of the study.
        QuorateError
            What the gateway answered.
        """
        description = model_description(study, digest)
        if not self._store.has(digest):
            await self._client.get(description, self._store, within=within)
        async with self._store.reading(digest) as file:
            yield file
        await self._drop_others(description)

    async def _drop_others(self, kept: Description) -> None:
        for held in self._store.listing():
            if held.label.study == kept.label.study and held.digest != kept.digest:
                await self._store.remove(held.digest, held.label)
