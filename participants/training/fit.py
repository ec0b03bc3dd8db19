"""One Lightning fit of a fixed number of steps that writes, logs and keeps nothing."""

from __future__ import annotations

import logging
import tempfile
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytorch_lightning as pl
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch.utils.data import DataLoader

    from participants.training.hardware import Hardware
    from participants.training.loader import Batch


def trainer(*, steps: int, hardware: Hardware, root: str, callbacks: list[pl.Callback]) -> pl.Trainer:
    """Return a trainer for `steps` steps: no logger, checkpoint, sanity run, accumulation, clipping or AMP scaler."""
    return pl.Trainer(
        accelerator=hardware.accelerator,
        devices=hardware.devices,
        strategy=hardware.strategy,
        precision="32-true",
        max_steps=steps,
        max_epochs=-1,
        limit_val_batches=0,
        num_sanity_val_steps=0,
        accumulate_grad_batches=1,
        gradient_clip_val=None,
        logger=False,
        callbacks=callbacks,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        deterministic=True,
        default_root_dir=root,
    )


def fit(
    module: pl.LightningModule,
    loader: DataLoader[Batch],
    *,
    steps: int,
    hardware: Hardware,
    callbacks: list[pl.Callback],
) -> int:
    """Train `module` in place and return how many optimizer steps Lightning made."""
    with tempfile.TemporaryDirectory(prefix="quorate-fit-") as root, quiet():
        made = trainer(steps=steps, hardware=hardware, root=root, callbacks=callbacks)
        made.fit(module, train_dataloaders=loader)
    module.cpu()
    return int(made.global_step)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep Lightning, Opacus and torch from saying anything about a run, and restore their settings afterwards.

    What they warn of is settled by our own checks: the loader is ours, empty batches are meant, and full backward hooks
    on a first layer have no gradient of the input to give.
    """
    loggers = [
        logging.getLogger(name) for name in ("pytorch_lightning", "lightning.pytorch", "lightning.fabric", "opacus")
    ]
    before: list[Any] = [(logger, logger.level) for logger in loggers]
    deterministic = torch.are_deterministic_algorithms_enabled()
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        for logger, level in before:
            logger.setLevel(level)
