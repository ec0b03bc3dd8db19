"""What an artefact is: its kind, and the study, round and member it belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self

from quorate.digest import Digest, parse_digest
from quorate.errors import UsageError
from quorate.identifiers import DatasetId, MspId, StudyId, parse_dataset_id, parse_msp_id, parse_round, parse_study_id

if TYPE_CHECKING:
    from collections.abc import Mapping


class Kind(StrEnum):
    """The kinds of artefacts that members exchange."""

    PLAN = "plan"
    INITIAL_MODEL = "initial-model"
    FINAL_MODEL = "final-model"
    UPDATE = "update"
    EVALUATION = "evaluation"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Label:
    """What an artefact is to one study; the same bytes may carry several labels.

    Raises
    ------
    UsageError
        When a name is malformed, or a part is missing or too much for the kind: an update names study, round, member
        and data set; a final model study and round; everything else the study alone.
    """

    kind: Kind
    study: StudyId
    round: int = 0
    msp: MspId | None = None
    dataset: DatasetId | None = None

    def __post_init__(self) -> None:
        parse_study_id(self.study)
        if self._has_round != (self.round != 0) or self._has_writer != (
            self.msp is not None and self.dataset is not None
        ):
            raise UsageError(f"a label of kind {self.kind} does not have these parts: {self}")
        if not self._has_writer and (self.msp is not None or self.dataset is not None):
            raise UsageError(f"only an update names a member and a data set: {self}")
        if self._has_round:
            parse_round(self.round)

    @property
    def _has_round(self) -> bool:
        return self.kind in {Kind.UPDATE, Kind.FINAL_MODEL}

    @property
    def _has_writer(self) -> bool:
        return self.kind is Kind.UPDATE

    @classmethod
    def of(cls, *, kind: str, study: str, round: int = 0, msp: str = "", dataset: str = "") -> Self:
        """Return the label of texts from outside; `UsageError` when one is malformed."""
        if kind not in set(Kind):
            raise UsageError(f"not a kind of artefact: {kind[:80]!r}", hint=f"Kinds are {', '.join(Kind)}.")
        return cls(
            kind=Kind(kind),
            study=parse_study_id(study),
            round=round,
            msp=parse_msp_id(msp) if msp else None,
            dataset=parse_dataset_id(dataset) if dataset else None,
        )

    def as_json(self) -> dict[str, str | int]:
        """Return the parts that are present."""
        parts = {
            "kind": self.kind.value,
            "study": self.study,
            "round": self.round,
            "msp": self.msp,
            "dataset": self.dataset,
        }
        return {name: value for name, value in parts.items() if value}

    def __str__(self) -> str:
        return " ".join(str(value) for value in self.as_json().values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """An artefact: which bytes, how many, and what they are.

    Raises
    ------
    UsageError
        When the digest is malformed or the size is not positive.
    """

    digest: Digest
    size: int
    label: Label

    def __post_init__(self) -> None:
        parse_digest(self.digest)
        if self.size < 1:
            raise UsageError(f"an artefact has at least one byte, not {self.size}")


def label_from_json(parts: Mapping[str, object]) -> Label:
    """Return the label that `Label.as_json` wrote; `UsageError` when it is none."""
    texts = {name: value for name, value in parts.items() if isinstance(value, str) and name != "round"}
    number = parts.get("round", 0)
    if (
        not isinstance(number, int)
        or set(texts) - {"kind", "study", "msp", "dataset"}
        or len(parts) != len(texts) + ("round" in parts)
    ):
        raise UsageError(f"not a label: {dict(parts)!r}"[:200])
    return Label.of(
        kind=texts.get("kind", ""),
        study=texts.get("study", ""),
        round=number,
        msp=texts.get("msp", ""),
        dataset=texts.get("dataset", ""),
    )
