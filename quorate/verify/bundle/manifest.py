"""What a bundle says that it holds, signed by the organisation that exported it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from quorate.errors import UsageError
from quorate.records.common import DigestText, Document, Msp, Part
from quorate.records.common import Study as StudyName
from quorate.verify.bundle.scope import Extent
from quorate.verify.wording import moment

MAX_MANIFEST: Final = 128 << 20

Text = Annotated[str, StringConstraints(max_length=256)]
Number = Annotated[int, Field(ge=0, le=2**53 - 1)]
Time = Annotated[int, Field(ge=-(2**53) + 1, le=2**53 - 1)]
"""Unix milliseconds as submitters claimed them, however silly."""


class File(Part):
    """A file of the bundle."""

    name: Text
    size: Number
    digest: DigestText


class Scope(Part):
    """What the bundle is about: the whole ledger, a study, rounds of it, or a stretch of time."""

    kind: Literal["ledger", "study", "rounds", "time"]
    study: StudyName | None = None
    first_round: Number | None = None
    last_round: Number | None = None
    since: Time | None = None
    until: Time | None = None
    rounds: Number
    first_claimed_time: Time | None = None
    last_claimed_time: Time | None = None

    @property
    def extent(self) -> Extent:
        """What was asked for.

        Raises
        ------
        UsageError
            When nobody can have asked for that.
        """
        extent = Extent(
            study=self.study,
            first_round=self.first_round,
            last_round=self.last_round,
            since=self.since,
            until=self.until,
        )
        if extent.kind != self.kind:
            raise UsageError(f"a scope that is called {self.kind} is that of a {extent.kind}")
        return extent

    @property
    def words(self) -> str:
        """What was asked for, for people."""
        if self.study is None:
            ends = (("from", self.since), ("to", self.until))
            claimed = "".join(f" {name} {moment(time)}" for name, time in ends if time is not None)
            return f"what claims a time{claimed}" if claimed else "the whole ledger"
        if self.last_round is None:
            return f"the study {self.study}"
        return f"rounds {self.first_round} to {self.last_round} of the study {self.study}"


class PolicyInForce(Part):
    """A version of the access policies that was in force within the scope."""

    version: Number
    digest: DigestText


class Exporter(Part):
    """Who exported the bundle: the signature of the manifest is this certificate's."""

    msp: Msp
    certificate: Annotated[str, StringConstraints(max_length=16_384)]


class Manifest(Document):
    """The table of contents; everything in it is checked against the blocks."""

    SCHEMA: ClassVar[str] = "quorate.manifest/1"
    channel: Text
    chaincode: Text
    height: Annotated[int, Field(ge=1, le=2**53 - 1)]
    genesis: DigestText
    development: bool
    scope: Scope
    software: dict[Text, Text]
    policies: Annotated[list[PolicyInForce], Field(max_length=10_000)]
    exporter: Exporter
    files: list[File]
