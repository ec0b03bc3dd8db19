"""Plans for tables of numbers: logistic regression and a small multilayer perceptron.

Parameters of the document (decimals are strings):

columns      list of {"name", "low", "high"}: the features and their published ranges
target       the column with the class
classes      the classes as text
scaling      "linear", "log1p" or "relative-log1p", onto -1 … 1
missing      a constant per column that stands for missing values; leave out to refuse them
hidden       widths of the hidden layers (perceptron only)
optimizer    {"learning_rate", "momentum"}
local        {"steps", "batch_size"} for studies without privacy
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pytorch_lightning import LightningModule
from torch import nn

from participants.plans import Inputs, Plan
from participants.plans.scaling import filled, log_to_unit, relative_log_to_unit, to_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class Classifier(LightningModule):  # type: ignore[misc]  # for mypy only
    """A network that gives one logit per class, or a single one for two classes, trained by gradient descent."""

    def __init__(self, network: nn.Module, *, learning_rate: float, momentum: float) -> None:
        super().__init__()
        self.network = network
        self.learning_rate = learning_rate
        self.momentum = momentum

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return the logits."""
        logits: torch.Tensor = self.network(features)
        return logits

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], batch_idx: int) -> torch.Tensor:
        """Return the mean cross-entropy."""
        del batch_idx
        features, targets = batch
        logits = self(features)
        if logits.shape[1] == 1:
            return nn.functional.binary_cross_entropy_with_logits(logits[:, 0], targets.to(logits.dtype))
        return nn.functional.cross_entropy(logits, targets)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return plain gradient descent."""
        return torch.optim.SGD(self.parameters(), lr=self.learning_rate, momentum=self.momentum)


class Tabular(Plan):
    """What both plans share: columns with published ranges, scaling, constants for missing values."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        super().__init__(parameters)
        columns = parameters["columns"]
        self._missing = [float(value) for value in parameters["missing"]] if "missing" in parameters else None
        self._inputs = Inputs(
            columns=tuple(column["name"] for column in columns),
            low=tuple(float(column["low"]) for column in columns),
            high=tuple(float(column["high"]) for column in columns),
            target=parameters["target"],
            classes=tuple(parameters["classes"]),
            missing=self._missing is not None,
        )
        scalings = {"linear": to_unit, "log1p": log_to_unit, "relative-log1p": relative_log_to_unit}
        self._scale = scalings[parameters["scaling"]]

    @property
    def inputs(self) -> Inputs:
        """The columns of the document's parameters."""
        return self._inputs

    def prepare(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        """Fill in the constants for missing values, then scale each column by its published range."""
        known = features if self._missing is None else filled(features, self._missing)
        return self._scale(known, self._inputs.low, self._inputs.high).astype(np.float32)

    def _classifier(self, network: nn.Module) -> Classifier:
        optimizer: Any = self.parameters["optimizer"]
        return Classifier(
            network, learning_rate=float(optimizer["learning_rate"]), momentum=float(optimizer["momentum"])
        )

    @property
    def _outputs(self) -> int:
        return 1 if len(self._inputs.classes) == 2 else len(self._inputs.classes)  # noqa: PLR2004


class Logistic(Tabular):
    """Logistic regression, from weights of zero."""

    def module(self) -> LightningModule:
        """Return one linear layer."""
        return self._classifier(nn.Linear(len(self._inputs.columns), self._outputs))

    def initial_weights(self, drawn: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """Return zeros."""
        return {name: np.zeros_like(array) for name, array in drawn.items()}


class Perceptron(Tabular):
    """A multilayer perceptron with tanh between its layers, which keeps gradients of records bounded."""

    def module(self) -> LightningModule:
        """Return linear layers of the widths in ``hidden``."""
        hidden: Any = self.parameters["hidden"]
        widths = [len(self._inputs.columns), *hidden]
        layers: list[nn.Module] = []
        for before, after in pairwise(widths):
            layers += [nn.Linear(before, after), nn.Tanh()]
        return self._classifier(nn.Sequential(*layers, nn.Linear(widths[-1], self._outputs)))
