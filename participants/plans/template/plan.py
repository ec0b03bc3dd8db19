"""A training plan of your own: start here, then run ``quorate plan check .``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from pytorch_lightning import LightningModule
from torch import nn

from participants.plans import Inputs, Plan
from participants.plans.scaling import to_unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class MyModule(LightningModule):  # type: ignore[misc]  # for mypy only
    """An ordinary LightningModule: a loss, an optimizer, and layers in child modules."""

    def __init__(self, inputs: int, classes: int, learning_rate: float) -> None:
        super().__init__()
        self.network = nn.Sequential(nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, classes))
        self.learning_rate = learning_rate

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return one logit per class."""
        logits: torch.Tensor = self.network(features)
        return logits

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], batch_idx: int) -> torch.Tensor:
        """Return the mean loss of a batch; the batch may be empty."""
        del batch_idx
        features, targets = batch
        return nn.functional.cross_entropy(self(features), targets)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return one optimizer of torch.optim over all parameters."""
        return torch.optim.SGD(self.parameters(), lr=self.learning_rate)


class MyPlan(Plan):
    """What members vote on: the columns, their published ranges, the module."""

    @property
    def inputs(self) -> Inputs:
        """The columns and classes of plan.toml."""
        parameters: Any = self.parameters
        columns = parameters["columns"]
        return Inputs(
            columns=tuple(column["name"] for column in columns),
            low=tuple(float(column["low"]) for column in columns),
            high=tuple(float(column["high"]) for column in columns),
            target=parameters["target"],
            classes=tuple(parameters["classes"]),
        )

    def prepare(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        """Scale every column by its published range onto -1 … 1."""
        return to_unit(features, self.inputs.low, self.inputs.high).astype("float32")

    def module(self) -> LightningModule:
        """Return a new module."""
        parameters: Any = self.parameters
        return MyModule(len(self.inputs.columns), len(self.inputs.classes), float(parameters["learning_rate"]))
