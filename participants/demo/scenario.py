"""What the demo trains: one of the ready studies, its members' names, and its terms as the ledger writes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from participants.data.heart import require_files
from participants.plans.presets import DELTA, HEART, names, preset
from participants.plans.shipped.catalogue import shipped
from quorate.errors import UsageError
from quorate.records.study import PrivacyTerms

if TYPE_CHECKING:
    from pathlib import Path

    from participants.data.bindings import DataBinding
    from participants.plans.document import PlanDocument

DEFAULT_CAP: Final = "2"
DATASETS: Final = names()
MIN_MEMBERS: Final = 2
MAX_MEMBERS: Final = 16
PURPOSE: Final = "research"
_NAMES: Final = (
    "Alder", "Birch", "Chestnut", "Elm", "Hawthorn", "Juniper", "Linden", "Maple",
    "Oak", "Pine", "Rowan", "Spruce", "Sycamore", "Walnut", "Willow", "Yew",
)  # fmt: skip
_HOSPITALS: Final = ("Cleveland", "Hungarian", "Switzerland", "VA Long Beach")
_TITLES: Final = {
    "breast-cancer": ("Malignant or benign, from nuclei measured in images", 569),
    "digits": ("Which digit, from an image of 8 by 8 pixels", 1797),
    HEART: ("Heart disease or none, from clinical findings", 920),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A data set, divided among members, and the terms that fit it.

    Attributes
    ----------
    rows
        How many the published data have.
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
    """Return one of the ready studies with its members.

    Raises
    ------
    UsageError
        When the number of members does not fit, or the heart data are not given.
    """
    if not MIN_MEMBERS <= members <= MAX_MEMBERS:
        raise UsageError(f"{members} members are not between {MIN_MEMBERS} and {MAX_MEMBERS}")
    if name == HEART and data is not None:
        require_files(data)
    ready = preset(name)
    title, rows = _TITLES[name]
    return Scenario(
        name=name,
        rows=rows,
        source=ready.source,
        title=title,
        plan=shipped(name),
        bindings=tuple(ready.members(members, seed=seed, directory=data)),
        members=_HOSPITALS if name == HEART else _NAMES[:members],
        evaluation=ready.evaluation(members, seed=seed, directory=data),
        privacy=PrivacyTerms.model_validate(
            {"mechanism": "dp-sgd", "delta": DELTA, **ready.privacy.to_json()} if private else {"mechanism": "none"}
        ),
    )
