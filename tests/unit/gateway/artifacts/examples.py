"""Artefacts for tests, and chunks of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from gateway.artifacts.label import Description, Kind, Label
from quorate.digest import digest_of
from quorate.identifiers import DatasetId, MspId, StudyId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ALDER, BIRCH, CEDAR = MspId("AlderMSP"), MspId("BirchMSP"), MspId("CedarMSP")
STUDY = StudyId("heart")
PLAN = Label(kind=Kind.PLAN, study=STUDY)
UPDATE = Label(kind=Kind.UPDATE, study=STUDY, round=1, msp=ALDER, dataset=DatasetId("ward"))


def some_bytes(size: int = 3_000_000, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311 - only has to differ from other bytes


def described(data: bytes, label: Label = PLAN) -> Description:
    return Description(digest=digest_of(data), size=len(data), label=label)


async def chunks(data: bytes, size: int = 1024 * 1024) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def broken_after(data: bytes, count: int) -> AsyncIterator[bytes]:
    """Yield the first `count` bytes, then break as a connection does."""
    async for chunk in chunks(data[:count]):
        yield chunk
    raise ConnectionResetError
