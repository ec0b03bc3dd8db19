"""Plan documents for tests, written as an author would. Nothing here imports torch."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import pytest

from participants.plans.document import PlanDocument

if TYPE_CHECKING:
    from collections.abc import Callable

HEAD = """
import numpy as np
import torch
from pytorch_lightning import LightningModule
from torch import nn

from participants.plans import Inputs, Plan


class Module(LightningModule):
    def __init__(self):
        super().__init__()
        self.network = nn.Linear(2, 1)

    def forward(self, x):
        return self.network(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return nn.functional.binary_cross_entropy_with_logits(self(x)[:, 0], y.float())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=1.0)


class Base(Plan):
    kind = Module

    @property
    def inputs(self):
        return Inputs(columns=("a", "b"), low=(-1.0, -1.0), high=(1.0, 1.0), target="label", classes=("no", "yes"))

    def module(self):
        return self.kind()


"""


@pytest.fixture
def document_of() -> Callable[..., PlanDocument]:
    """Return a function from source text to a document; the text is put behind a working base plan."""

    def build(source: str = "class MyPlan(Base):\n    pass\n", **parameters: Any) -> PlanDocument:
        return PlanDocument(
            name="test",
            entry_point="plan:MyPlan",
            files={"plan.py": HEAD + textwrap.dedent(source)},
            parameters={"local": {"steps": 3, "batch_size": 8}} | parameters,
            requires=(),
        )

    return build
