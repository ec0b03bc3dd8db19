"""Heart disease from thirteen clinical findings, some missing: logistic regression on published ranges and codes.

Categories become one column each, as in Detrano et al. (1989) and FLamby. A missing number becomes the middle of its
clinical range and a missing category no category at all; a cholesterol or blood pressure of zero is missing too, as the
data's own description says of the Swiss patients. No constant was computed from patients.

Parameters of the document: optimizer {"learning_rate", "momentum"}, local {"steps", "batch_size"}.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from pytorch_lightning import LightningModule
from torch import nn

from participants.plans import Inputs, Plan
from participants.plans.scaling import to_unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

NUMBERS: Final = {
    "age": (20.0, 80.0),  # years
    "trestbps": (90.0, 180.0),  # resting blood pressure, mm Hg: hypotension to severe hypertension
    "chol": (100.0, 400.0),  # serum cholesterol, mg/dl
    "thalach": (60.0, 220.0),  # highest heart rate; 220 is the predicted maximum at birth
    "oldpeak": (0.0, 4.0),  # ST depression, mm
    "ca": (0.0, 3.0),  # vessels coloured by fluoroscopy
}
FLAGS: Final = ("sex", "fbs", "exang")
CODES: Final = {"cp": (1, 2, 3, 4), "restecg": (0, 1, 2), "slope": (1, 2, 3), "thal": (3, 6, 7)}
ZERO_IS_MISSING: Final = ("trestbps", "chol")
COLUMNS: Final = (
    "age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca", "thal",
)  # fmt: skip


class HeartClassifier(LightningModule):  # type: ignore[misc]  # for mypy only
    """Logistic regression."""

    def __init__(self, inputs: int, *, learning_rate: float, momentum: float) -> None:
        super().__init__()
        self.network = nn.Linear(inputs, 1)
        self.learning_rate = learning_rate
        self.momentum = momentum

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logit of disease."""
        logits: torch.Tensor = self.network(features)
        return logits

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], batch_idx: int) -> torch.Tensor:
        """Return the mean cross-entropy."""
        del batch_idx
        features, targets = batch
        return nn.functional.binary_cross_entropy_with_logits(self(features)[:, 0], targets.float())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return plain gradient descent."""
        return torch.optim.SGD(self.parameters(), lr=self.learning_rate, momentum=self.momentum)


class Heart(Plan):
    """Thirteen findings to one diagnosis."""

    @property
    def inputs(self) -> Inputs:
        """The findings in the files' order; any may be missing."""
        ranges = (
            NUMBERS | dict.fromkeys(FLAGS, (0.0, 1.0)) | {name: (codes[0], codes[-1]) for name, codes in CODES.items()}
        )
        return Inputs(
            columns=COLUMNS,
            low=tuple(float(ranges[name][0]) for name in COLUMNS),
            high=tuple(float(ranges[name][1]) for name in COLUMNS),
            target="disease",
            classes=("absent", "present"),
            missing=True,
        )

    def prepare(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return numbers on -1 … 1 (missing: 0), flags as -1 or 1 (missing: 0), and one column per code."""
        by_name = dict(zip(COLUMNS, features.T, strict=True))
        for name in ZERO_IS_MISSING:
            by_name[name] = np.where(by_name[name] == 0, np.nan, by_name[name])
        columns = [to_unit(by_name[name], [low], [high]) for name, (low, high) in NUMBERS.items()]
        columns += [to_unit(by_name[name], [0.0], [1.0]) for name in FLAGS]
        columns += [(by_name[name] == code).astype(np.float64) for name, codes in CODES.items() for code in codes]
        return np.nan_to_num(np.stack(columns, axis=1), nan=0.0).astype(np.float32)

    def module(self) -> LightningModule:
        """Return logistic regression on the prepared columns."""
        optimizer: Any = self.parameters["optimizer"]
        inputs = len(NUMBERS) + len(FLAGS) + sum(len(codes) for codes in CODES.values())
        return HeartClassifier(
            inputs, learning_rate=float(optimizer["learning_rate"]), momentum=float(optimizer["momentum"])
        )

    def initial_weights(self, drawn: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """Return zeros."""
        return {name: np.zeros_like(array) for name, array in drawn.items()}
