"""What is put to a vote besides studies, changes of the members and of the policies, is voted on alike."""

from __future__ import annotations

from typing import ClassVar, Literal, TypeAlias

from quorate.records.common import DigestText, Document, Msp, Stamp, Word

Choice: TypeAlias = Literal["approve", "reject"]
MotionState: TypeAlias = Literal["PROPOSED", "ADOPTED", "REJECTED"]


class CastBallot(Document):
    """Vote on a proposal, which the digest pins, for the own organisation."""

    proposal: Word
    digest: DigestText
    choice: Choice


class Ballot(Document):
    """One organisation's vote on a proposal; it cannot be changed."""

    SCHEMA: ClassVar[str] = "quorate.ballot/1"
    about: Literal["members", "policies"]
    proposal: Word
    msp: Msp
    digest: DigestText
    choice: Choice
    voted: Stamp
