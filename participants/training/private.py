"""DP-SGD for one round: hooks for gradients per record, the noisy optimizer, and the teardown that leaves no trace."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
from opacus import GradSampleModule

from participants.plans.errors import PlanRefusedError, Refusal
from participants.training.fit import fit, quiet
from participants.training.gaussian import GaussianStream
from participants.training.loader import batches
from participants.training.optimizer import NoisyOptimizer
from participants.training.refusals import require_optimizer, require_poisson, require_single_device
from participants.training.sampling import PoissonSampler
from participants.training.secrets import KeyStream, Purpose, derive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from participants.training.hardware import Hardware
    from participants.training.loader import Batch, Prepared
    from participants.training.secrets import ReleaseContext
    from participants.training.terms import PrivacyTerms


@contextmanager
def per_record_gradients(module: pl.LightningModule) -> Iterator[GradSampleModule]:
    """Make every backward pass leave one gradient per record, and take all hooks and gradients away at the end.

    The hooks sit on the module's own layers, so its code and its tensors' names stay as they are. A module that was
    left can be entered again.
    """
    try:
        with quiet():
            wrapped = GradSampleModule(module, batch_first=True, loss_reduction="mean", strict=True)
    except NotImplementedError as error:
        raise PlanRefusedError(
            Refusal.UNSUPPORTED_LAYER, "a trainable layer keeps buffers, which could remember records", cause=error
        ) from error
    wrapped.forbid_grad_accumulation()
    try:
        yield wrapped
    finally:
        for parameter in module.parameters():
            parameter.grad = None
            parameter.__dict__.pop("summed_grad", None)
        wrapped.to_standard_module()
        for layer in module.modules():
            for left_behind in ("activations", "max_batch_len"):
                layer.__dict__.pop(left_behind, None)


def train_private(
    module: pl.LightningModule,
    data: Prepared,
    *,
    terms: PrivacyTerms,
    secret: bytes,
    context: ReleaseContext,
    hardware: Hardware,
) -> None:
    """Train `module` in place for one round with differential privacy; it is one release under `terms`.

    What is sampled, clipped and protected is one unit of `data`: a record or a group.

    Raises
    ------
    PlanRefusedError
        When the optimizer or the strategy cannot be accounted for, or fewer or more steps were made than agreed.
    """
    require_single_device(hardware)
    sampler = PoissonSampler(
        stream=KeyStream(derive(secret, context, Purpose.SAMPLING)),
        records=len(data),
        rate=terms.sample_rate,
        steps=terms.steps_per_round,
    )
    loader = batches(data, sampler)
    require_poisson(loader)
    noise = GaussianStream(KeyStream(derive(secret, context, Purpose.NOISE)))
    with per_record_gradients(module):
        optimizer = NoisyOptimizer(require_optimizer(module.configure_optimizers(), module), terms=terms, noise=noise)
        with configured(module, optimizer):
            teller = _TellBatch(optimizer, data)
            made = fit(module, loader, steps=terms.steps_per_round, hardware=hardware, callbacks=[teller])
        optimizer.zero_grad(set_to_none=True)
    if not made == optimizer.releases == terms.steps_per_round:
        raise PlanRefusedError(
            Refusal.STEPS,
            f"the module made {optimizer.releases} noisy steps where {terms.steps_per_round} were agreed",
            hint="training_step must return the loss for every batch, an empty one included.",
        )


@contextmanager
def configured(module: pl.LightningModule, optimizer: Any) -> Iterator[None]:  # noqa: ANN401 - an Opacus optimizer is none
    """Have ``configure_optimizers`` return `optimizer` for a while."""
    module.configure_optimizers = lambda: optimizer
    try:
        yield
    finally:
        del module.configure_optimizers


class _TellBatch(pl.Callback):  # type: ignore[misc]  # untyped here
    """Tells the optimizer what the batch is made of, so that it clips by unit and refuses gradients that count else."""

    def __init__(self, optimizer: NoisyOptimizer, data: Prepared) -> None:
        self._optimizer = optimizer
        self._data = data

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Batch, batch_idx: int
    ) -> None:
        """Note what the batch is made of."""
        del trainer, pl_module, batch, batch_idx
        self._optimizer.drawn = self._data.drawn.popleft()
