"""Bindings: how an institution says where its records are. Plain data, so that a configuration file can hold one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from participants.data.bundled import Bundled, read_bundled
from participants.data.csvfile import read_csv
from participants.data.heart import Hospital, read_hospital
from participants.data.npzfile import read_npz
from participants.data.partition import divide
from participants.data.table import Table, concatenate
from quorate.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_MEMBERS = 1000


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Slice(_Record):
    """A part of a data set that was divided by `participants.data.partition.divide`.

    `part` is a member's number from 0, or ``evaluation`` for the public rows that no member has.
    """

    seed: int = Field(ge=0)
    members: int = Field(ge=1, le=MAX_MEMBERS)
    part: int | Literal["evaluation"]


class CsvBinding(_Record):
    """A CSV file with a header.

    `missing` lists how missing values are written. `group` names the column whose equal cells make records one group,
    for studies that protect groups, such as all records of a patient.
    """

    kind: Literal["csv"] = "csv"
    path: Path
    missing: tuple[str, ...] = ("", "?", "NA")
    group: str | None = None


class NpzBinding(_Record):
    """A numpy archive with one array of features and one of classes."""

    kind: Literal["npz"] = "npz"
    path: Path
    features: str = "features"
    target: str = "target"


class BundledBinding(_Record):
    """A data set that comes with scikit-learn, or a part of it."""

    kind: Literal["bundled"] = "bundled"
    name: Bundled
    slice: Slice | None = None


class HeartBinding(_Record):
    """The directory with the four UCI heart disease files; one hospital, or all when none is named.

    Hospitals are the members here, so a slice divides each hospital between one member and the evaluation set.
    """

    kind: Literal["heart"] = "heart"
    directory: Path
    hospital: Hospital | None = None
    slice: Slice | None = None


DataBinding: TypeAlias = CsvBinding | NpzBinding | BundledBinding | HeartBinding

_ADAPTER: TypeAdapter[DataBinding] = TypeAdapter(Annotated[DataBinding, Field(discriminator="kind")])


def parse_binding(document: object) -> DataBinding:
    """Return the binding that a configuration's table or a JSON object describes.

    Raises
    ------
    UsageError
        When the kind is unknown or a field is missing, unknown or of the wrong type.
    """
    try:
        return _ADAPTER.validate_python(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"the data binding is not valid at {place or 'its top'}: {first['msg']}") from error


def read_table(binding: DataBinding) -> Table:
    """Return all records that a binding names, as they are at their source.

    Raises
    ------
    DataError
        When they cannot be read or do not have their form.
    """
    match binding:
        case CsvBinding():
            return read_csv(binding.path, missing=frozenset(binding.missing))
        case NpzBinding():
            return read_npz(binding.path, features=binding.features, target=binding.target)
        case BundledBinding():
            return _sliced(read_bundled(binding.name), binding.slice)
        case HeartBinding():
            hospitals = list(Hospital) if binding.hospital is None else [binding.hospital]
            return concatenate([_sliced(read_hospital(binding.directory, name), binding.slice) for name in hospitals])


def _sliced(table: Table, part: Slice | None) -> Table:
    if part is None:
        return table
    labels = table.columns[-1]
    targets: NDArray[np.int64] = np.unique(labels, return_inverse=True)[1].astype(np.int64)
    division = divide(targets, members=part.members, seed=part.seed)
    if part.part == "evaluation":
        return table.take(division.evaluation)
    if not 0 <= part.part < part.members:
        raise UsageError(f"part {part.part} of {part.members} members does not exist", hint="Parts count from 0.")
    return table.take(division.members[part.part])
