"""The studies that come ready to run: a shipped plan, its data divided among members, and fitting privacy terms."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from participants.data.bindings import BundledBinding, DataBinding, HeartBinding, Slice
from participants.data.bundled import Bundled
from participants.data.heart import WHERE, Hospital
from participants.training.terms import PrivacyTerms
from quorate.errors import NotFoundError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

DELTA: Final = "1e-5"
HEART: Final = "heart"


@dataclass(frozen=True, kw_only=True)
class Preset:
    """One ready study.

    Attributes
    ----------
    dataset
        The data's name, which is also the shipped plan's.
    source
        Where the data come from, for people.
    privacy
        Terms under which eight rounds cost less than ε = 2 at δ = 1e-5. The expected batch size is a quarter of a
        member's even share of the published size of the data, not of any member's count.
    """

    dataset: str
    source: str
    privacy: PrivacyTerms

    def members(self, count: int, *, seed: int, directory: Path | None = None) -> list[DataBinding]:
        """Return each member's binding; the members' records are disjoint and unevenly distributed.

        Raises
        ------
        UsageError
            When heart is asked for without its directory or with other than four members.
        """
        if self.dataset == HEART:
            if count != len(Hospital):
                raise UsageError(f"the heart data come from {len(Hospital)} hospitals, so there are as many members")
            return [_heart(directory, seed=seed, part=0, hospital=hospital) for hospital in Hospital]
        return [_bundled(self.dataset, members=count, seed=seed, part=part) for part in range(count)]

    def evaluation(self, count: int, *, seed: int, directory: Path | None = None) -> DataBinding:
        """Return the binding of the public evaluation set that goes with `members`."""
        if self.dataset == HEART:
            return _heart(directory, seed=seed, part="evaluation", hospital=None)
        return _bundled(self.dataset, members=count, seed=seed, part="evaluation")


def preset(dataset: str) -> Preset:
    """Return the ready study on a data set.

    Raises
    ------
    NotFoundError
        When there is none of that name.
    """
    for found in PRESETS:
        if found.dataset == dataset:
            return found
    raise NotFoundError(f"there is no ready study on {dataset!r}", hint=f"There are {', '.join(names())}.")


def names() -> tuple[str, ...]:
    """Return the names of all ready studies."""
    return tuple(found.dataset for found in PRESETS)


def _bundled(name: str, *, members: int, seed: int, part: int | str) -> DataBinding:
    return BundledBinding(
        name=Bundled(name), slice=Slice.model_validate({"seed": seed, "members": members, "part": part})
    )


def _heart(directory: Path | None, *, seed: int, part: int | str, hospital: Hospital | None) -> DataBinding:
    if directory is None:
        raise UsageError("the heart data are not part of Quorate", hint=WHERE)
    part_of_hospital = Slice.model_validate({"seed": seed, "members": 1, "part": part})
    return HeartBinding(directory=directory, hospital=hospital, slice=part_of_hospital)


def _terms(*, expected_batch_size: int, clipping_norm: str = "1") -> PrivacyTerms:
    return PrivacyTerms(
        noise_multiplier=Decimal(4),
        sample_rate=Fraction(1, 4),
        steps_per_round=6,
        clipping_norm=Decimal(clipping_norm),
        expected_batch_size=expected_batch_size,
    )


PRESETS: Final = (
    Preset(
        dataset="breast-cancer",
        source="Wisconsin Diagnostic Breast Cancer (UCI, 1995), as bundled with scikit-learn",
        privacy=_terms(expected_batch_size=28, clipping_norm="0.5"),
    ),
    Preset(
        dataset="digits",
        source="Optical Recognition of Handwritten Digits (UCI, 1998), as bundled with scikit-learn",
        privacy=_terms(expected_batch_size=90),
    ),
    Preset(
        dataset=HEART,
        source="Heart Disease (UCI, 1989): Cleveland, Hungarian, Switzerland, VA Long Beach; CC BY 4.0",
        privacy=_terms(expected_batch_size=46),
    ),
)
"""All ready studies."""
