"""The shipped plans by name, as documents."""

from __future__ import annotations

import importlib.metadata
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from participants.plans.document import PlanDocument
from participants.plans.shipped.published import BREAST_CANCER
from quorate.errors import NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

LOCKED: Final = ("numpy", "opacus", "pytorch-lightning", "torch")
"""What a plan's result depends on beyond its own files."""


def shipped(name: str) -> PlanDocument:
    """Return a shipped plan, locked to the versions that are installed here.

    Raises
    ------
    NotFoundError
        When there is no plan of that name.
    """
    if name not in _PLANS:
        raise NotFoundError(f"no plan {name!r} ships with Quorate", hint=f"There are {', '.join(sorted(_PLANS))}.")
    file, class_name, parameters = _PLANS[name]
    text = resources.files("participants.plans.shipped").joinpath(f"{file}.py").read_text(encoding="utf-8")
    return PlanDocument(
        name=name,
        entry_point=f"{file}:{class_name}",
        files={f"{file}.py": text},
        parameters=parameters(),
        requires=installed_lock(),
    )


def names() -> tuple[str, ...]:
    """Return the names of all shipped plans."""
    return tuple(sorted(_PLANS))


def installed_lock() -> tuple[str, ...]:
    """Return lock lines for what training depends on, as installed here."""
    return tuple(f"{name}=={importlib.metadata.version(name).partition('+')[0]}" for name in LOCKED)


def _breast_cancer() -> dict[str, Any]:
    # Means and worst values only: the ten standard errors add noise for every weight and tell little.
    columns = [{"name": name, "low": low, "high": high} for name, low, high in BREAST_CANCER if "error" not in name]
    return {
        "columns": columns,
        "target": "diagnosis",
        "classes": ["malignant", "benign"],
        "scaling": "relative-log1p",
        "optimizer": {"learning_rate": "4", "momentum": "0"},
        "local": {"steps": 10, "batch_size": 32},
    }


def _breast_cancer_mlp() -> dict[str, Any]:
    return _breast_cancer() | {"hidden": [16], "optimizer": {"learning_rate": "0.5", "momentum": "0"}}


def _digits() -> dict[str, Any]:
    return {
        "columns": [f"pixel_{row}_{column}" for row in range(8) for column in range(8)],
        "shape": [1, 8, 8],
        "low": "0",
        "high": "16",
        "target": "digit",
        "classes": [str(digit) for digit in range(10)],
        "channels": [16, 32],
        "groups": 4,
        "optimizer": {"learning_rate": "0.1", "momentum": "0.9"},
        "local": {"steps": 20, "batch_size": 32},
    }


def _heart() -> dict[str, Any]:
    return {"optimizer": {"learning_rate": "1", "momentum": "0"}, "local": {"steps": 10, "batch_size": 32}}


_PLANS: Final[dict[str, tuple[str, str, Callable[[], dict[str, Any]]]]] = {
    "breast-cancer": ("tabular", "Logistic", _breast_cancer),
    "breast-cancer-mlp": ("tabular", "Perceptron", _breast_cancer_mlp),
    "digits": ("image", "SmallCnn", _digits),
    "heart": ("heart", "Heart", _heart),
}
