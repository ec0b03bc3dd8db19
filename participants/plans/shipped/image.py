"""A small convolutional network for grey or colour images, with GroupNorm and without BatchNorm.

Parameters of the document (decimals are strings):

columns      {"prefix", "count"} or a list of names: the pixels in C order of the shape
shape        [channels, height, width]
low, high    the published range of a pixel
target       the column with the class
classes      the classes as text
channels     widths of the two convolutions; multiples of "groups"
groups       how many groups GroupNorm has
optimizer    {"learning_rate", "momentum"}
local        {"steps", "batch_size"} for studies without privacy
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from pytorch_lightning import LightningModule
from torch import nn

from participants.plans import Inputs, Plan
from participants.plans.scaling import to_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class ImageClassifier(LightningModule):  # type: ignore[misc]  # for mypy only
    """Two convolutions, each halving the image, and a linear layer."""

    def __init__(
        self,
        shape: tuple[int, int, int],
        widths: tuple[int, int],
        groups: int,
        classes: int,
        *,
        learning_rate: float,
        momentum: float,
    ) -> None:
        super().__init__()
        channels, height, width = shape
        first, second = widths
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.network = nn.Sequential(
            nn.Conv2d(channels, first, 3, padding=1),
            nn.GroupNorm(groups, first),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(first, second, 3, padding=1),
            nn.GroupNorm(groups, second),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(second * (height // 4) * (width // 4), classes),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return one logit per class."""
        logits: torch.Tensor = self.network(images)
        return logits

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], batch_idx: int) -> torch.Tensor:
        """Return the mean cross-entropy."""
        del batch_idx
        images, targets = batch
        return nn.functional.cross_entropy(self(images), targets)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return gradient descent with momentum."""
        return torch.optim.SGD(self.parameters(), lr=self.learning_rate, momentum=self.momentum)


class SmallCnn(Plan):
    """Images as columns of pixels, classified by a small convolutional network."""

    def __init__(self, parameters: Mapping[str, Any]) -> None:
        super().__init__(parameters)
        channels, height, width = parameters["shape"]
        self._shape: tuple[int, int, int] = (channels, height, width)
        count = channels * height * width
        names = parameters["columns"]
        columns = tuple(names) if isinstance(names, list) else tuple(f"{names['prefix']}{i}" for i in range(count))
        self._inputs = Inputs(
            columns=columns,
            low=(float(parameters["low"]),) * count,
            high=(float(parameters["high"]),) * count,
            target=parameters["target"],
            classes=tuple(parameters["classes"]),
        )

    @property
    def inputs(self) -> Inputs:
        """The pixels."""
        return self._inputs

    def prepare(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        """Scale pixels onto -1 … 1 and give each record its image's shape."""
        scaled = to_unit(features, self._inputs.low, self._inputs.high).astype(np.float32)
        return scaled.reshape(len(features), *self._shape)

    def module(self) -> LightningModule:
        """Return the network."""
        parameters: Any = self.parameters
        first, second = parameters["channels"]
        return ImageClassifier(
            self._shape,
            (first, second),
            parameters["groups"],
            len(self._inputs.classes),
            learning_rate=float(parameters["optimizer"]["learning_rate"]),
            momentum=float(parameters["optimizer"]["momentum"]),
        )
