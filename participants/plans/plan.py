"""`Plan`: what a training-plan author subclasses."""

from __future__ import annotations

import abc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from quorate.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray
    from pytorch_lightning import LightningModule

    from participants.plans.inputs import Inputs
    from quorate.canonical import JSON

MAX_LOCAL_STEPS: Final = 1_000_000


@dataclass(frozen=True, kw_only=True)
class LocalTraining:
    """How much a member trains in one round of a study without differential privacy."""

    steps: int
    batch_size: int

    def __post_init__(self) -> None:
        if not 0 < self.steps <= MAX_LOCAL_STEPS or self.batch_size < 1:
            raise UsageError(f"local training needs 1 to {MAX_LOCAL_STEPS} steps and at least one record a batch")


class Plan(abc.ABC):
    """Everything that members agree on about how to train: inputs, model, optimizer, constants.

    A plan is created from its document's parameters alone and must behave alike on every machine. It never sees which
    member it runs for. Constants for scaling and for missing values come from publications, never from records.

    Parameters
    ----------
    parameters
        The document's ``parameters``: JSON without floating point; decimals are strings.
    """

    def __init__(self, parameters: Mapping[str, JSON]) -> None:
        self.parameters = parameters

    @property
    @abc.abstractmethod
    def inputs(self) -> Inputs:
        """The columns that the plan reads, their published ranges, and the classes."""

    @abc.abstractmethod
    def module(self) -> LightningModule:
        """Return a new module: ``forward``, ``training_step`` with a mean loss, ``configure_optimizers``.

        A batch is a pair of tensors: what `prepare` returned for some records, and their classes as int64. The module's
        learning parameters sit in its child modules. Without BatchNorm, without hooks that change how a step is done.
        """

    def prepare(self, features: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return the network's input for raw records, one row each; a record's row depends on that record alone."""
        return features.astype(np.float32)

    def initial_weights(self, drawn: dict[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
        """Return the weights that the first round starts from.

        Parameters
        ----------
        drawn
            What Quorate drew for every tensor from a fixed seed, with equal bytes on every machine: biases zero,
            normalisation weights one, others uniform as torch does. Return it, or change entries.
        """
        return drawn

    @property
    def local_training(self) -> LocalTraining:
        """Steps and batch size for studies without differential privacy, from ``parameters["local"]``.

        Raises
        ------
        UsageError
            When the parameters do not have both, as integers.
        """
        local = self.parameters.get("local")
        if not isinstance(local, dict):
            raise UsageError("the plan does not say how to train without privacy", hint='Set parameters["local"].')
        steps, batch_size = local.get("steps"), local.get("batch_size")
        if not isinstance(steps, int) or not isinstance(batch_size, int):
            raise UsageError('parameters["local"] needs the integers "steps" and "batch_size"')
        return LocalTraining(steps=steps, batch_size=batch_size)

    def scores(self, module: LightningModule, features: torch.Tensor) -> torch.Tensor:
        """Return one score per class and record, shape (records, classes).

        The default calls the module and takes its output as logits; one logit a record means the second of two classes.
        """
        import torch as _torch  # noqa: PLC0415 - listing plans needs no torch

        logits: Any = module(features)
        if logits.ndim == 1 or logits.shape[1] == 1:
            logit = logits.reshape(len(features))
            return _torch.stack([-logit, logit], dim=1)
        return _torch.as_tensor(logits)
