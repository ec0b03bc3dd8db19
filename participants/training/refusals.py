"""Plans that cannot be accounted for, recognised from the module alone, before any record is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import torch
from opacus.validators import ModuleValidator
from pytorch_lightning import LightningModule
from torch import nn

from participants.plans.errors import PlanRefusedError, Refusal
from participants.training.initial import tensors
from participants.training.optimizer import ALLOWED
from participants.training.sampling import PoissonSampler

if TYPE_CHECKING:
    from participants.training.hardware import Hardware

_LOADERS: Final = ("train_dataloader", "val_dataloader", "test_dataloader", "predict_dataloader", "prepare_data")
_STEPS: Final = (
    "backward",
    "clip_gradients",
    "configure_callbacks",
    "configure_gradient_clipping",
    "load_state_dict",
    "lr_scheduler_step",
    "manual_backward",
    "on_after_backward",
    "on_after_batch_transfer",
    "on_before_backward",
    "on_before_batch_transfer",
    "on_before_optimizer_step",
    "on_before_zero_grad",
    "optimizer_step",
    "optimizer_zero_grad",
    "state_dict",
    "transfer_batch_to_device",
)


def require_accountable(module: LightningModule) -> None:
    """Return when nothing in the module defeats per-record accounting, frozen layers included.

    Raises
    ------
    PlanRefusedError
    """
    if not isinstance(module, LightningModule):
        raise PlanRefusedError(Refusal.CODE, "the plan's module() did not return a LightningModule")
    _require_no_batch_norm(module)
    _require_no_recurrent_layer(module)
    tensors(module)
    if list(module.parameters(recurse=False)):
        raise PlanRefusedError(
            Refusal.DIRECT_PARAMETERS,
            "a parameter sits in the LightningModule itself, where no gradient per record can be had",
            hint="Move it into a child module with its own forward.",
        )
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise PlanRefusedError(Refusal.NO_PARAMETERS, "no parameter can be trained")
    errors = ModuleValidator.validate(module, strict=False)
    if errors:
        raise PlanRefusedError(Refusal.UNSUPPORTED_LAYER, f"Opacus cannot account for a layer: {errors[0]}")
    _require_standard_loop(module)


def _require_no_batch_norm(module: nn.Module) -> None:
    for name, layer in module.named_modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm | nn.SyncBatchNorm):  # noqa: SLF001 - torch's own base
            raise PlanRefusedError(
                Refusal.BATCH_NORM,
                f"{name} is a BatchNorm: it mixes records, and its statistics leak even when it is frozen",
                hint="Use torch.nn.GroupNorm.",
            )
        if isinstance(layer, nn.modules.instancenorm._InstanceNorm) and layer.track_running_stats:  # noqa: SLF001
            raise PlanRefusedError(
                Refusal.RUNNING_STATISTICS, f"{name} keeps running statistics of records", hint="Switch them off."
            )


def _require_no_recurrent_layer(module: nn.Module) -> None:
    for name, layer in module.named_modules():
        if isinstance(layer, nn.RNNBase):
            raise PlanRefusedError(
                Refusal.RECURRENT_LAYER,
                f"{name} is a torch.nn.{type(layer).__name__}, whose gradients per record cannot be had",
                hint=f"Use opacus.layers.DP{type(layer).__name__}.",
            )


def _require_standard_loop(module: LightningModule) -> None:
    if not module.automatic_optimization:
        raise PlanRefusedError(Refusal.OWN_LOOP, "the module optimizes manually, so its steps cannot be counted")
    for names, refusal, what in (
        (_LOADERS, Refusal.LOADER, "brings its own loader, and a shuffled loader is not Poisson sampling"),
        (_STEPS, Refusal.OWN_LOOP, "changes how a step is done, so it cannot be accounted for"),
    ):
        for name in names:
            if _overridden(module, name):
                raise PlanRefusedError(refusal, f"the module's {name} {what}", hint=f"Remove {name}.")


def _overridden(module: LightningModule, name: str) -> bool:
    return name in vars(module) or getattr(type(module), name) is not getattr(LightningModule, name)


def require_optimizer(configured: object, module: LightningModule) -> torch.optim.Optimizer:
    """Return what ``configure_optimizers`` gave when it is one known optimizer over exactly the trainable parameters.

    Raises
    ------
    PlanRefusedError
        When it is several, a subclass that may step otherwise, comes with a scheduler, or has other parameters.
    """
    if type(configured) not in ALLOWED or not isinstance(configured, torch.optim.Optimizer):
        names = ", ".join(kind.__name__ for kind in ALLOWED)
        raise PlanRefusedError(
            Refusal.OPTIMIZER,
            "configure_optimizers must return a single optimizer that steps in a known way, without a scheduler",
            hint=f"Known are {names} of torch.optim.",
        )
    held = [id(parameter) for group in configured.param_groups for parameter in group["params"]]
    known = {id(parameter) for parameter in module.parameters()}
    trainable = {id(parameter) for parameter in module.parameters() if parameter.requires_grad}
    if len(set(held)) != len(held) or not trainable <= set(held) <= known:
        raise PlanRefusedError(
            Refusal.FOREIGN_PARAMETERS, "the optimizer does not have exactly the module's trainable parameters"
        )
    return configured


def require_poisson(loader: Any) -> None:  # noqa: ANN401 - whatever was handed in
    """Return when a loader draws its batches by our Poisson sampler.

    Raises
    ------
    PlanRefusedError
        For anything else: a shuffled loader would silently be accounted as if it were Poisson.
    """
    if loader.batch_size is not None or not isinstance(loader.sampler, PoissonSampler):
        raise PlanRefusedError(Refusal.LOADER, "with privacy, only the exact Poisson sampler may choose records")


def require_single_device(hardware: Hardware) -> None:
    """Return when training runs in one process on one device.

    Raises
    ------
    PlanRefusedError
        For DDP, FSDP and several devices: noise, sampling and accounting are not tested there.
    """
    if hardware.strategy not in ("auto", "single_device") or hardware.devices != 1:
        raise PlanRefusedError(
            Refusal.STRATEGY,
            f"the strategy {hardware.strategy!r} on {hardware.devices} devices is not accounted for",
            hint="Train on one device.",
        )
