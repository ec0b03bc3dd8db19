"""Whose numbers a tensor file holds: kind, study, round, member, data set and base."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from quorate.digest import parse_digest
from quorate.errors import UsageError
from quorate.identifiers import StudyId, parse_id, parse_msp_id, parse_round

if TYPE_CHECKING:
    from quorate.canonical import JSON

SCHEMA: Final = "quorate.tensors/1"


class DType(Enum):
    """The two element types: updates are I32, models I64; both little-endian in files."""

    I32 = "i4"
    I64 = "i8"

    @property
    def native(self) -> np.dtype[np.signedinteger[Any]]:
        """The numpy type in memory."""
        return np.dtype(self.value)

    @property
    def little(self) -> np.dtype[np.signedinteger[Any]]:
        """The numpy type in files."""
        return np.dtype(f"<{self.value}")

    @property
    def size(self) -> int:
        """Bytes per element."""
        return self.native.itemsize


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Whose numbers these are: what the one metadata key says.

    Build one with `update`, `model` or `initial_model`; every combination that none of them gives is refused.

    Raises
    ------
    UsageError
        When a field does not have the form that its kind asks for.
    """

    kind: Literal["update", "model"]
    study: StudyId
    round: int
    msp: str
    dataset: str
    base: str

    def __post_init__(self) -> None:
        parse_id(self.study)
        if type(self.round) is not int:
            raise UsageError("a round is counted by an integer, not by a truth value")
        if self.kind == "update":
            parse_round(self.round)
            parse_msp_id(self.msp)
            parse_id(self.dataset)
            parse_digest(self.base)
        elif self.kind == "model":
            self._require_model()
        else:
            raise UsageError(f"a tensor file is an update or a model, not {self.kind!r}")

    def _require_model(self) -> None:
        if self.msp or self.dataset:
            raise UsageError("a model belongs to no single member and no single data set")
        if self.round == 0:
            if self.base:
                raise UsageError("an initial model has no base")
            return
        parse_round(self.round)
        parse_digest(self.base)

    @classmethod
    def update(cls, *, study: str, round: int, msp: str, dataset: str, base: str) -> Header:
        """Return the header of one member's update in one round, made from the model `base`."""
        return cls(kind="update", study=StudyId(study), round=round, msp=msp, dataset=dataset, base=base)

    @classmethod
    def model(cls, *, study: str, round: int, base: str) -> Header:
        """Return the header of the model that a round made out of the model `base`."""
        return cls(kind="model", study=StudyId(study), round=round, msp="", dataset="", base=base)

    @classmethod
    def initial_model(cls, study: str) -> Header:
        """Return the header of the model that a study begins with."""
        return cls(kind="model", study=StudyId(study), round=0, msp="", dataset="", base="")

    @property
    def dtype(self) -> DType:
        """The element type that the kind asks for."""
        return DType.I32 if self.kind == "update" else DType.I64

    def to_json(self) -> dict[str, JSON]:
        """Return the value of the metadata key."""
        return {"schema": SCHEMA, **asdict(self)}
