"""DP-SGD's step: Opacus clips each record's gradient and sums; the noise is ours, from a cryptographic generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
from opacus.optimizers import DPOptimizer
from opacus.optimizers.optimizer import _check_processed_flag, _mark_as_processed

from participants.plans.errors import PlanRefusedError, Refusal
from quorate.errors import DefectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from participants.training.gaussian import GaussianStream
    from participants.training.loader import Drawn
    from participants.training.terms import PrivacyTerms

ALLOWED: Final = (
    torch.optim.SGD,
    torch.optim.Adam,
    torch.optim.AdamW,
    torch.optim.Adagrad,
    torch.optim.Adamax,
    torch.optim.NAdam,
    torch.optim.RAdam,
    torch.optim.RMSprop,
)
"""Optimizers whose step is a function of the released gradients alone."""

_LARGEST: Final = torch.finfo(torch.float32).max


class NoisyOptimizer(DPOptimizer):  # type: ignore[misc]  # Opacus publishes no types
    """A `DPOptimizer` for one round, with noise from a key stream.

    Its denominator is the public expected batch size, never a count of records.

    Attributes
    ----------
    releases
        How many times noise was added: the steps that the round really made.
    drawn
        What the present step's batch is made of; a step whose gradients count otherwise is refused.
    """

    def __init__(self, inner: torch.optim.Optimizer, *, terms: PrivacyTerms, noise: GaussianStream) -> None:
        super().__init__(
            inner,
            noise_multiplier=float(terms.noise_multiplier),
            max_grad_norm=float(terms.clipping_norm),
            expected_batch_size=terms.expected_batch_size,
            loss_reduction="mean",
        )
        self._noise = noise
        self.releases = 0
        self.drawn: Drawn | None = None

    def pre_step(self, closure: Callable[[], float] | None = None) -> float | None:
        """Clip, sum, add noise and scale, having made sure that there is one finite gradient per unit.

        A group's gradient is the mean of its records'. A gradient that is not finite becomes so large that its norm
        overflows and clipping makes it zero; left alone, it would turn the whole sum into NaN and show that its record
        took part.
        """
        drawn = self.drawn
        if drawn is None:
            raise DefectError("a step began before its batch was known")
        require_one_gradient_per_record(self.params, len(drawn.unit_of_row))
        for parameter in self.params:
            parameter.grad_sample = _per_unit(parameter.grad_sample, drawn)
        result: float | None = super().pre_step(closure)
        return result

    def add_noise(self) -> None:
        """Add to every summed coordinate independent noise of deviation noise multiplier times clipping norm."""
        deviation = self.noise_multiplier * self.max_grad_norm
        for parameter in self.params:
            summed: Any = parameter.summed_grad
            _check_processed_flag(summed)
            noise = torch.from_numpy(self._noise.normal(parameter.numel())).mul_(deviation).to(summed.device)
            parameter.grad = noise.add_(summed.reshape(-1)).to(parameter.dtype).view_as(parameter)
            _mark_as_processed(summed)
        self.releases += 1


def _per_unit(gradients: torch.Tensor, drawn: Drawn) -> torch.Tensor:
    """Return the mean of the gradients of each unit's rows, without a value that is not finite."""
    finite = gradients.nan_to_num(nan=_LARGEST, posinf=_LARGEST, neginf=-_LARGEST)
    if drawn.units == len(drawn.unit_of_row):
        return finite
    index = drawn.unit_of_row.to(gradients.device)
    rows = torch.bincount(index, minlength=drawn.units).clamp(min=1).to(gradients.dtype)
    shares = finite / rows[index].reshape(-1, *[1] * (gradients.ndim - 1))
    summed = torch.zeros(drawn.units, *gradients.shape[1:], dtype=gradients.dtype, device=gradients.device)
    return summed.index_add_(0, index, shares).nan_to_num(nan=_LARGEST, posinf=_LARGEST, neginf=-_LARGEST)


def require_one_gradient_per_record(parameters: list[Any], batch: int | None) -> None:
    """Return when every parameter has exactly one gradient for each of `batch` records.

    Raises
    ------
    PlanRefusedError
        When a parameter has none, or the network folds several rows into a record or records into one row, so that
        clipping would bound something other than a record.
    """
    for parameter in parameters:
        gradients = getattr(parameter, "grad_sample", None)
        if gradients is None:
            raise PlanRefusedError(Refusal.UNUSED_PARAMETERS, "a trainable parameter took no part in the loss")
        if not isinstance(gradients, torch.Tensor) or (batch is not None and len(gradients) != batch):
            raise PlanRefusedError(
                Refusal.LOSS_MIXES_RECORDS,
                "a layer does not see one row per record, so clipping would not bound a record",
                hint="Keep the batch dimension first and unfolded in every layer.",
            )
