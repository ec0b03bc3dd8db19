"""A plan's tensors and their first values: equal bytes on every machine."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import nn

from participants.plans.errors import PlanRefusedError, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from pytorch_lightning import LightningModule

    from participants.plans.plan import Plan

_NORMS: Final = (nn.GroupNorm, nn.LayerNorm, nn.RMSNorm, nn.modules.batchnorm._NormBase)  # noqa: SLF001 - torch's own base
_TAG: Final = b"quorate.initial-weights/1\0"


def tensors(module: LightningModule) -> dict[str, torch.Tensor]:
    """Return the tensors that members agree on, by name: parameters and persistent buffers, in the module's order.

    Raises
    ------
    PlanRefusedError
        When there is none, or one is not float32.
    """
    found = dict(module.state_dict())
    if not found:
        raise PlanRefusedError(Refusal.NO_PARAMETERS, "the module has no parameters")
    for name, tensor in found.items():
        if tensor.dtype != torch.float32 or tensor.numel() == 0:
            raise PlanRefusedError(
                Refusal.UNSUPPORTED_TENSOR, f"{name} is {tensor.dtype}, {tuple(tensor.shape)}; only float32 is"
            )
    return found


def schema(module: LightningModule) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return name and shape of every tensor in order: what a study's terms call the model schema."""
    return tuple((name, tuple(tensor.shape)) for name, tensor in tensors(module).items())


def initial_weights(plan: Plan) -> dict[str, NDArray[np.float32]]:
    """Return the weights that a study starts from.

    Parameters are drawn from a fixed seed and their own name; buffers keep the values that the plan gave them.

    Raises
    ------
    PlanRefusedError
        When the plan returns other names, shapes, types or values that are not finite.
    """
    module = plan.module()
    expected = tensors(module)
    ones = {f"{name}.weight" for name, layer in module.named_modules() if isinstance(layer, _NORMS)}
    parameters = {name for name, _ in module.named_parameters()}
    drawn = {
        name: _drawn(name, tuple(tensor.shape), ones) if name in parameters else _array(tensor)
        for name, tensor in expected.items()
    }
    weights = plan.initial_weights(drawn)
    require_weights(weights, {name: tuple(tensor.shape) for name, tensor in expected.items()})
    return {name: weights[name] for name in expected}


def require_weights(weights: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Return when `weights` are finite float32 arrays of exactly these names and shapes.

    Raises
    ------
    PlanRefusedError
    """
    if set(weights) != set(shapes):
        raise PlanRefusedError(Refusal.UNSUPPORTED_TENSOR, "the weights do not have the names of the module's tensors")
    for name, shape in shapes.items():
        array = weights[name]
        if not isinstance(array, np.ndarray) or array.dtype != np.float32 or array.shape != shape:
            raise PlanRefusedError(Refusal.UNSUPPORTED_TENSOR, f"{name} is not a float32 array of shape {shape}")
        if not np.isfinite(array).all():
            raise PlanRefusedError(Refusal.UNSUPPORTED_TENSOR, f"{name} holds a value that is not finite")


def set_weights(module: LightningModule, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Put weights into a module; names and shapes must be the module's."""
    require_weights(weights, {name: tuple(tensor.shape) for name, tensor in tensors(module).items()})
    module.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in weights.items()}, strict=True)


def get_weights(module: LightningModule) -> dict[str, NDArray[np.float32]]:
    """Return copies of a module's tensors as float32 arrays."""
    return {name: _array(tensor) for name, tensor in tensors(module).items()}


def _array(tensor: torch.Tensor) -> NDArray[np.float32]:
    return np.array(tensor.detach().cpu().numpy(), dtype=np.float32, order="C")


def _drawn(name: str, shape: tuple[int, ...], ones: set[str]) -> NDArray[np.float32]:
    if name in ones:
        return np.ones(shape, dtype=np.float32)
    if len(shape) < 2:  # noqa: PLR2004 - biases
        return np.zeros(shape, dtype=np.float32)
    # random_raw is stable for ever (NEP 19); the rest is IEEE 754 arithmetic that rounds alike everywhere.
    seed = int.from_bytes(hashlib.sha256(_TAG + name.encode()).digest(), "big")
    raw = np.random.PCG64(seed).random_raw(int(np.prod(shape))) >> np.uint64(11)
    bound = 1.0 / np.sqrt(np.float64(np.prod(shape[1:])))
    drawn: NDArray[np.float32] = ((raw.astype(np.float64) * 2.0**-52 - 1.0) * bound).astype(np.float32)
    return drawn.reshape(shape)
