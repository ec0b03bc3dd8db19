"""What the demo trains: a real data set, how it is divided, the plan and its public constants."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from participants.data.bindings import BundledBinding, HeartBinding, Slice
from participants.plans.shipped.catalogue import shipped
from quorate.errors import UsageError
from quorate.records.study import PrivacyTerms

if TYPE_CHECKING:
    from pathlib import Path

    from participants.data.bindings import DataBinding
    from participants.plans.document import PlanDocument

DELTA: Final = "1e-5"
DEFAULT_CAP: Final = "2"
MIN_MEMBERS: Final = 2
MAX_MEMBERS: Final = 16
_NAMES: Final = (
    "Alder", "Birch", "Chestnut", "Elm", "Hawthorn", "Juniper", "Linden", "Maple",
    "Oak", "Pine", "Rowan", "Spruce", "Sycamore", "Walnut", "Willow", "Yew",
)  # fmt: skip
_HOSPITALS: Final = ("cleveland", "hungarian", "switzerland", "va")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A data set, divided among members, and the terms that fit it.

    Attributes
    ----------
    members
        What people call the members.
    bindings
        Each member's part, in the members' order.
    evaluation
        The rows that no member has, declared public.
    privacy
        DP-SGD's terms, or mechanism ``none``.
    """

    name: str
    rows: int
    source: str
    title: str
    purpose: str
    plan: PlanDocument
    members: tuple[str, ...]
    bindings: tuple[DataBinding, ...]
    evaluation: DataBinding
    privacy: PrivacyTerms

    @property
    def is_private(self) -> bool:
        """Tell whether the members train with differential privacy."""
        return self.privacy.mechanism != "none"


def scenario(name: str, *, members: int, seed: int, private: bool, data: Path | None) -> Scenario:
    """Return one of the demo's scenarios.

    Raises
    ------
    UsageError
        When the number of members does not fit, or the heart data's directory is not given.
    """
    if not MIN_MEMBERS <= members <= MAX_MEMBERS:
        raise UsageError(f"{members} members are not between {MIN_MEMBERS} and {MAX_MEMBERS}")
    made = _SCENARIOS[name](members, seed, data)
    return made if private else replace(made, privacy=PrivacyTerms(mechanism="none"))


def _dp(*, noise: str, rate: str, steps: int, clip: str, batch: int) -> PrivacyTerms:
    return PrivacyTerms(
        mechanism="dp-sgd",
        noise_multiplier=noise,
        sample_rate=rate,
        steps_per_round=steps,
        clipping_norm=clip,
        expected_batch_size=batch,
        delta=DELTA,
    )


def _slices(members: int, seed: int) -> tuple[list[Slice], Slice]:
    own = [Slice(seed=seed, members=members, part=part) for part in range(members)]
    return own, Slice(seed=seed, members=members, part="evaluation")


def _breast_cancer(members: int, seed: int, _data: Path | None) -> Scenario:
    own, evaluation = _slices(members, seed)
    return Scenario(
        name="breast-cancer",
        rows=569,
        source="Wisconsin diagnostic breast cancer, UCI Machine Learning Repository, as bundled with scikit-learn",
        title="Malignant or benign, from nuclei measured in images",
        purpose="research",
        plan=shipped("breast-cancer"),
        members=_NAMES[:members],
        bindings=tuple(BundledBinding(name="breast-cancer", slice=part) for part in own),
        evaluation=BundledBinding(name="breast-cancer", slice=evaluation),
        privacy=_dp(noise="4", rate="1/4", steps=6, clip="1", batch=_batch(455, members, "1/4")),
    )


def _digits(members: int, seed: int, _data: Path | None) -> Scenario:
    own, evaluation = _slices(members, seed)
    return Scenario(
        name="digits",
        rows=1797,
        source="Optical recognition of handwritten digits, UCI, as bundled with scikit-learn",
        title="Which digit, from an image of 8 by 8 pixels",
        purpose="research",
        plan=shipped("digits"),
        members=_NAMES[:members],
        bindings=tuple(BundledBinding(name="digits", slice=part) for part in own),
        evaluation=BundledBinding(name="digits", slice=evaluation),
        privacy=_dp(noise="4", rate="1/4", steps=6, clip="1", batch=_batch(1437, members, "1/4")),
    )


def _heart(members: int, seed: int, data: Path | None) -> Scenario:
    if data is None:
        raise UsageError(
            "the heart data are not part of Quorate",
            hint="Give the directory with the four processed.*.data files: --data DIR",
        )
    if members != len(_HOSPITALS):
        raise UsageError(f"the heart data come from {len(_HOSPITALS)} hospitals, not {members}")
    own, evaluation = _slices(1, seed)
    return Scenario(
        name="heart",
        rows=920,
        source="Heart disease from four hospitals (Janosi, Steinbrunn, Pfisterer, Detrano), UCI, CC BY 4.0",
        title="Heart disease or none, from clinical findings",
        purpose="research",
        plan=shipped("heart"),
        members=("Cleveland", "Hungarian", "Switzerland", "VA Long Beach"),
        bindings=tuple(HeartBinding(directory=data, hospital=name, slice=own[0]) for name in _HOSPITALS),
        evaluation=HeartBinding(directory=data, slice=evaluation),
        privacy=_dp(noise="4", rate="1/4", steps=6, clip="1", batch=_batch(736, members, "1/4")),
    )


def _batch(rows: int, members: int, rate: str) -> int:
    """Return an expected batch size from the published number of rows: public, and the same for every member."""
    return max(1, round(rows * Fraction(rate) / members))


_SCENARIOS: Final = {"breast-cancer": _breast_cancer, "digits": _digits, "heart": _heart}

DATASETS: Final = tuple(_SCENARIOS)
