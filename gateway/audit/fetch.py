"""Fetches updates and models from the own gateway into a bundle, each under its digest."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING, Final, Protocol

from quorate.digest import PREFIX
from quorate.errors import IntegrityError, TimedOutError
from quorate.verify.bundle.names import artifact_name

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from gateway.artifacts.transfer import Held
    from gateway.audit.staging import Staging
    from quorate.digest import Digest

_SECONDS: Final = 600.0


class Source(Protocol):
    """What this module needs of `gateway.artifacts.transfer.ArtifactClient`."""

    async def stat(self, digest: Digest, /) -> Held:
        """Return what the gateway has of an artefact."""
        ...

    def chunks(self, digest: Digest, /) -> AsyncIterator[bytes | memoryview]:
        """Yield an artefact's bytes, unchecked."""
        ...


async def fetch_artifacts(source: Source, wanted: Mapping[Digest, str], staged: Staging) -> tuple[str, ...]:
    """Write every wanted artefact that the gateway holds, and return what the others are.

    Raises
    ------
    IntegrityError
        When the gateway sends other bytes than the digest's.
    TimedOutError
        When one takes longer than ten minutes.
    """
    absent = []
    for digest, what in wanted.items():
        if (await source.stat(digest)).complete:
            await _fetch(source, digest, what, staged)
        else:
            absent.append(what)
    return tuple(absent)


async def _fetch(source: Source, digest: Digest, what: str, staged: Staging) -> None:
    state = hashlib.sha256()
    try:
        async with asyncio.timeout(_SECONDS):
            with staged.append_to(artifact_name(digest)) as file:
                async for chunk in source.chunks(digest):
                    state.update(chunk)
                    await asyncio.to_thread(file.write, chunk)
    except TimeoutError as error:
        raise TimedOutError(f"fetching the {what} took longer than {_SECONDS:g} s", cause=error) from error
    if PREFIX + state.hexdigest() != digest:
        raise IntegrityError(f"the gateway sent other bytes than those of {digest}, the {what}")
