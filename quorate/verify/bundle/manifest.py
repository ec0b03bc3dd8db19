"""What a bundle says that it holds, signed by the organisation that exported it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field, StringConstraints

from quorate.records.common import DigestText, Document, Msp, Part
from quorate.records.common import Study as StudyName

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
    """What the bundle is about: the whole ledger, or one study with all that its records rest on."""

    kind: Literal["ledger", "study"]
    study: StudyName | None = None
    rounds: Number
    first_claimed_time: Time | None = None
    last_claimed_time: Time | None = None


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
