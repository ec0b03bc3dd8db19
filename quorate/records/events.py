"""The chaincode event: what happened in a transaction, as a list of typed facts."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints

from quorate.records.common import Count, Dataset, DigestText, Document, Msp, Part, Study, Word

EVENT_NAME: Final = "quorate"


class Event(Part):
    """One fact; fields that do not apply are absent."""

    type: Annotated[str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+$", max_length=64)]
    study: Study | None = None
    round: Count | None = None
    msp: Msp | None = None
    dataset: Dataset | None = None
    digest: DigestText | None = None
    attempt: Count | None = None
    reason: str | None = None
    version: Count | None = None
    proposal: Word | None = None
    review: Word | None = None


class Events(Document):
    """All facts of one transaction, in order."""

    SCHEMA: ClassVar[str] = "quorate.events/1"
    events: Annotated[list[Event], Field(min_length=1, max_length=1024)]
