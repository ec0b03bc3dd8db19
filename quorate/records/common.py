"""The words that every record is made of, and how a record meets its canonical bytes."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from quorate import canonical
from quorate.digest import Digest
from quorate.errors import UnsupportedVersionError, UsageError
from quorate.identifiers import DatasetId, MspId, StudyId

MAX_DOCUMENT = canonical.DOCUMENT_LIMIT

DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}$"
ID_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,63}$"
MSP_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$"
DECIMAL_PATTERN = r"^(0|[1-9][0-9]{0,5})(\.[0-9]{1,6})?$"
RATE_PATTERN = r"^[1-9][0-9]{0,8}/[1-9][0-9]{0,8}$"
DELTA_PATTERN = r"^[1-9](\.[0-9]{1,6})?e-[1-9][0-9]?$"
TITLE_PATTERN = r"^[^\x00-\x1f\x7f]{1,200}$"
SCHEMA_PATTERN = r"^quorate\.[a-z_.]+/[1-9][0-9]{0,3}$"
NANO_PATTERN = r"^(0|[1-9][0-9]{0,39})$"
HEX_PATTERN = r"^[0-9a-f]{64}$"

DigestText = Annotated[Digest, StringConstraints(pattern=DIGEST_PATTERN)]
Msp = Annotated[MspId, StringConstraints(pattern=MSP_PATTERN)]
Study = Annotated[StudyId, StringConstraints(pattern=ID_PATTERN)]
Dataset = Annotated[DatasetId, StringConstraints(pattern=ID_PATTERN)]
Word = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
Title = Annotated[str, StringConstraints(pattern=TITLE_PATTERN)]
Decimal = Annotated[str, StringConstraints(pattern=DECIMAL_PATTERN)]
Rate = Annotated[str, StringConstraints(pattern=RATE_PATTERN)]
Delta = Annotated[str, StringConstraints(pattern=DELTA_PATTERN)]
Nano = Annotated[str, StringConstraints(pattern=NANO_PATTERN)]
Hex = Annotated[str, StringConstraints(pattern=HEX_PATTERN)]
Round = Annotated[int, Field(ge=1, le=10_000)]
Attempt = Annotated[int, Field(ge=1, le=3)]
Milliseconds = Annotated[int, Field(ge=0, le=canonical.MAX_INTEGER)]
"""Unix time or a duration, in milliseconds."""
Count = Annotated[int, Field(ge=0, le=canonical.MAX_INTEGER)]
Version = Annotated[int, Field(ge=1, le=999_999)]
PolicyVersion = Annotated[int, Field(ge=0, le=999_999)]
"""0 stands for the version in force."""
Weight = Annotated[int, Field(ge=1, le=2**31 - 1)]

R = TypeVar("R", bound="Document")

_SCHEMA = re.compile(r"(quorate\.[a-z_.]+)/([1-9][0-9]{0,3})")

SchemaText = Annotated[str, StringConstraints(pattern=SCHEMA_PATTERN)]


class Part(BaseModel):
    """A nested part of a document: frozen, and without unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Document(Part):
    """A versioned document: `schema` is ``quorate.<kind>/<version>``.

    Absent optional fields are left out of the encoding, as the chaincode does.
    """

    SCHEMA: ClassVar[str]

    schema_: SchemaText = Field(alias="schema")

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    @classmethod
    def parse(cls, data: bytes, *, limit: int = 1024 * 1024) -> Self:
        """Return the record that `data` encode.

        Raises
        ------
        UsageError
            When the data are not strict JSON or not of this form.
        UnsupportedVersionError
            When they are a newer version of this record.
        """
        return cls.of(canonical.loads(data, limit=limit))

    @classmethod
    def of(cls, value: canonical.JSON) -> Self:
        """Return the record of a decoded value; errors as `parse`."""
        _require_schema(cls.SCHEMA, value)
        try:
            # JSON has no tuples: lists are the one relaxation of strictness that records need.
            return cls.model_validate_json(canonical.dumps(value), strict=True)
        except ValidationError as error:
            raise UsageError(f"not a {cls.SCHEMA} document: {_first(error)}", cause=error) from error

    def encode(self) -> bytes:
        """Return the canonical bytes of this document."""
        return canonical.dumps(self.as_json())

    def as_json(self) -> dict[str, canonical.JSON]:
        """Return the document as plain JSON, absent fields left out."""
        value: dict[str, canonical.JSON] = self.model_dump(mode="json", by_alias=True, exclude_none=True)
        return value


def make(cls: type[R], /, **fields: object) -> R:
    """Return a document of the class's own schema.

    Raises
    ------
    UsageError
        When a field does not have the required form.
    """
    try:
        return cls.model_validate({"schema": cls.SCHEMA, **fields})
    except ValidationError as error:
        raise UsageError(f"not a {cls.SCHEMA} document: {_first(error)}", cause=error) from error


def _require_schema(expected: str, value: canonical.JSON) -> None:
    found = value.get("schema") if isinstance(value, dict) else None
    if not isinstance(found, str) or not (match := _SCHEMA.fullmatch(found)):
        raise UsageError(f"a {expected} document was expected, and this one names no schema")
    kind, version = expected.rsplit("/", 1)
    if match[1] != kind:
        raise UsageError(f"a {expected} document was expected, and this is {found}")
    if int(match[2]) > int(version):
        raise UnsupportedVersionError(f"this is {found}, and this program knows {expected}")


def _first(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"]) or "document"
    return f"{place}: {first['msg']}"


class Stamp(Part):
    """Who made a record, in which transaction, and when by their own account; taken from the transaction itself."""

    tx: Hex
    claimed_time: Milliseconds
    msp: Msp
    role: Annotated[str, StringConstraints(max_length=64)]
    certificate: DigestText


class Closed(Part):
    """Why and by whom something was closed."""

    reason: Annotated[str, StringConstraints(max_length=64)]
    stamp: Stamp
