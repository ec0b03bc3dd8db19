"""Try a plan on synthetic records before it sees real ones: what no look at the module can tell."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from torch import nn

from participants.plans.errors import PlanRefusedError, Refusal
from participants.plans.loader import described
from participants.training.fit import quiet
from participants.training.initial import initial_weights, set_weights
from participants.training.optimizer import require_one_gradient_per_record
from participants.training.private import per_record_gradients
from participants.training.refusals import require_accountable, require_optimizer
from participants.training.synthetic import synthetic_records
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from pytorch_lightning import LightningModule

    from participants.data.records import Records
    from participants.plans.plan import Plan

RECORDS: Final = 6
_TOLERANCE: Final = 1e-3
_MODEL_SEED: Final = 20_21


def check_plan(plan: Plan) -> list[str]:
    """Run every check on synthetic records and return, for people, what passed.

    Raises
    ------
    PlanRefusedError
        At the first check that fails.
    """
    passed: list[str] = []
    for name, check in CHECKS:
        try:
            check(plan)
        except QuorateError:
            raise
        except Exception as error:
            raise PlanRefusedError(
                Refusal.CODE, f"the plan's code failed at the check {name!r}: {described(error)}", cause=error
            ) from error
        passed.append(name)
    return passed


def prepared(plan: Plan, features: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return what the plan makes of raw features, having checked its form.

    Raises
    ------
    PlanRefusedError
        When it is not float32, has not one row per record, or holds a value that is not finite.
    """
    made: Any = plan.prepare(features)
    if not isinstance(made, np.ndarray) or made.dtype != np.float32 or made.ndim < 1 or len(made) != len(features):
        raise PlanRefusedError(Refusal.PREPARE, "prepare() must return float32 with one row per record")
    if not np.isfinite(made).all():
        raise PlanRefusedError(
            Refusal.PREPARE, "prepare() returned a value that is not finite", hint="Fill in missing values."
        )
    return np.ascontiguousarray(made)


def _check_module(plan: Plan) -> None:
    require_accountable(plan.module())


def _check_optimizer(plan: Plan) -> None:
    module = plan.module()
    require_optimizer(module.configure_optimizers(), module)


def _check_initial(plan: Plan) -> None:
    first, second = initial_weights(plan), initial_weights(plan)
    if any(first[name].tobytes() != second[name].tobytes() for name in first):
        raise PlanRefusedError(Refusal.CODE, "the initial weights differ from call to call")


def _check_prepare(plan: Plan) -> None:
    features = synthetic_records(plan.inputs, RECORDS).features
    together = prepared(plan, features)
    alone = np.concatenate([prepared(plan, features[i : i + 1]) for i in range(len(features))])
    reverse = prepared(plan, features[::-1].copy())[::-1]
    if not (np.allclose(together, alone, atol=1e-6) and np.allclose(together, reverse, atol=1e-6)):
        raise PlanRefusedError(
            Refusal.PREPARE_MIXES_RECORDS,
            "prepare() makes something else of a record when others are beside it",
            hint="Scale with constants from publications, not with a mean or range of the rows.",
        )


def _check_gradients(plan: Plan) -> None:
    """Each record's gradient in a batch must be the gradient that it has alone (this finds every loss that mixes)."""
    module, records = _tried(plan)
    together = _gradients(module, plan, records)
    for i in range(len(records)):
        alone = _alone(module, plan, records.take(np.array([i])))
        for name, gradient in alone.items():
            _require_close(name, together[name][i], gradient[0], len(records))


def _alone(module: LightningModule, plan: Plan, record: Records) -> dict[str, torch.Tensor]:
    try:
        return _gradients(module, plan, record)
    except PlanRefusedError:
        raise
    except Exception as error:
        raise PlanRefusedError(
            Refusal.LOSS_MIXES_RECORDS,
            f"the module works on several records but not on one: {described(error)}",
            hint="Whatever needs the other records of a batch mixes them.",
            cause=error,
        ) from error


def _check_empty(plan: Plan) -> None:
    module, records = _tried(plan)
    try:
        _gradients(module, plan, records.take(np.empty(0, dtype=np.int64)))
    except PlanRefusedError:
        raise
    except Exception as error:
        raise PlanRefusedError(
            Refusal.EMPTY_BATCH,
            f"the module fails on a batch without records: {described(error)}",
            hint="Use torch.flatten(x, 1) rather than a view of unknown size.",
            cause=error,
        ) from error


def _check_scores(plan: Plan) -> None:
    module, records = _tried(plan)
    module.eval()
    with torch.no_grad():
        scores = plan.scores(module, torch.from_numpy(prepared(plan, records.features)))
    if tuple(scores.shape) != (len(records), len(plan.inputs.classes)):
        raise PlanRefusedError(Refusal.SCORES, f"scores() has shape {tuple(scores.shape)}, not (records, classes)")


CHECKS: Final[tuple[tuple[str, Callable[[Plan], None]], ...]] = (
    ("every layer can be accounted for", _check_module),
    ("one known optimizer over all trainable parameters", _check_optimizer),
    ("initial weights are the same every time", _check_initial),
    ("prepare() looks at each record alone", _check_prepare),
    ("the loss is a mean that mixes no records, and uses every parameter", _check_gradients),
    ("a batch without records works", _check_empty),
    ("scores() gives one number per class", _check_scores),
)
"""What is checked, in order: a sentence for people and the check."""


def _tried(plan: Plan) -> tuple[LightningModule, Records]:
    """Return a module with weights that hide nothing (zeros would), random layers switched off, and some records."""
    module = plan.module()
    random = np.random.default_rng(_MODEL_SEED)
    weights = {
        name: (array + 0.2 * random.standard_normal(array.shape)).astype(np.float32)
        for name, array in initial_weights(plan).items()
    }
    frozen = {name for name, _ in module.named_buffers()}
    set_weights(module, {name: initial_weights(plan)[name] if name in frozen else weights[name] for name in weights})
    module.train()
    for layer in module.modules():
        if isinstance(layer, nn.modules.dropout._DropoutNd):  # noqa: SLF001 - torch's own base
            layer.eval()
    return module, synthetic_records(plan.inputs, max(RECORDS, len(plan.inputs.classes)))


def _gradients(module: LightningModule, plan: Plan, records: Records) -> dict[str, torch.Tensor]:
    batch = (torch.from_numpy(prepared(plan, records.features)), torch.from_numpy(records.targets))
    with per_record_gradients(module) as wrapped, quiet():
        wrapped.set_grad_sample_to_none()
        loss: Any = module.training_step(batch, 0)
        loss = loss["loss"] if isinstance(loss, dict) else loss
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            raise PlanRefusedError(Refusal.STEPS, "training_step must return the loss, one number, for every batch")
        torch.autograd.backward(loss)
        parameters = {name: parameter for name, parameter in module.named_parameters() if parameter.requires_grad}
        require_one_gradient_per_record(list(parameters.values()), len(records))
        return {name: copy.copy(parameter.grad_sample) for name, parameter in parameters.items()}


def _require_close(name: str, together: torch.Tensor, alone: torch.Tensor, records: int) -> None:
    scale = float(alone.abs().max().clamp(min=1e-6))
    if torch.allclose(together, alone, rtol=_TOLERANCE, atol=_TOLERANCE * scale):
        return
    if torch.allclose(together, alone * records, rtol=_TOLERANCE, atol=_TOLERANCE * scale * records):
        raise PlanRefusedError(Refusal.LOSS_REDUCTION, "the loss is a sum over records, not their mean")
    raise PlanRefusedError(
        Refusal.LOSS_MIXES_RECORDS,
        f"the gradient of {name} for a record depends on the other records of its batch",
        hint="The loss must be a mean of losses that see one record each; random layers must be torch.nn.Dropout.",
    )
