"""One line of the access log, and the chain that the lines make."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from quorate import canonical
from quorate.canonical import MAX_INTEGER
from quorate.digest import Digest, digest_of
from quorate.records.common import Count, DigestText, Document, Milliseconds, Msp, PolicyVersion

Via = Literal["command", "portal", "check", "gateway"]
"""Through what it happened."""

MAX_ASKED: Final = 8192
"""Bytes of a filter, as canonical JSON."""


class Entry(Document):
    """Something that was read, exported or deleted, or was not allowed to be.

    Attributes
    ----------
    number
        From 1, without gaps.
    previous
        Digest of the entry before; of the log's beginning for the first.
    what, asked
        What was read, such as ``question/spending``, ``events`` or ``export``, or done, such as ``deletion``; and the
        filter as canonical JSON.
    height
        How many blocks the trail had.
    """

    SCHEMA: ClassVar[str] = "quorate.access/1"
    number: Annotated[int, Field(ge=1, le=MAX_INTEGER)]
    previous: DigestText
    time: Milliseconds
    msp: Msp
    role: Annotated[str, StringConstraints(max_length=64)]
    certificate: DigestText
    via: Via
    what: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9/._-]{0,79}$")]
    asked: Annotated[str, StringConstraints(max_length=MAX_ASKED)]
    height: Count
    allowed: bool
    policies: Annotated[list[Annotated[str, StringConstraints(max_length=256)]], Field(max_length=1024)]
    policy_version: PolicyVersion

    @property
    def digest(self) -> Digest:
        """What the next entry names as `previous`."""
        return digest_of(self.encode())


def beginning(msp: str) -> Digest:
    """Return what the first entry of an organisation's log names as `previous`."""
    return digest_of(canonical.dumps({"schema": "quorate.access_log/1", "msp": msp}))
