"""The chaincode event: what happened in a transaction, as a list of typed facts."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from quorate.records.common import Document, Part

EVENT_NAME: Final = "quorate"


class Event(Part):
    """One fact; fields that do not apply are absent."""

    type: Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+$", max_length=64)]
    study: str | None = None
    round: int | None = None
    msp: str | None = None
    dataset: str | None = None
    digest: str | None = None
    attempt: int | None = None
    reason: str | None = None
    version: int | None = None


class Events(Document):
    """All facts of one transaction, in order."""

    SCHEMA: ClassVar[str] = "quorate.events/1"
    events: Annotated[list[Event], Field(min_length=1, max_length=1024)]
