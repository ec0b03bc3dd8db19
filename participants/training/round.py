"""Train one round: plan, records and base in; weights out."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch

from participants.data.bindings import CsvBinding, read_table
from participants.data.errors import DataError
from participants.data.records import Unit, records_of, require_records
from participants.plans.errors import PlanRefusedError, Refusal
from participants.plans.loader import described, load_plan
from participants.training.accelerator import require_accelerator
from participants.training.check import check_plan, prepared
from participants.training.errors import NotFiniteError, TrainingFailedError
from participants.training.fit import fit
from participants.training.initial import get_weights, set_weights
from participants.training.loader import Prepared, batches
from participants.training.private import configured, train_private
from participants.training.refusals import require_accountable, require_optimizer, require_single_device
from participants.training.request import TrainingResult
from participants.training.sampling import PassSampler
from participants.training.secrets import KeyStream, Purpose, derive
from quorate.digest import digest_of
from quorate.errors import QuorateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from pytorch_lightning import LightningModule

    from participants.data.records import Records
    from participants.plans.approved import Approval
    from participants.plans.plan import Plan
    from participants.training.request import TrainingRequest

_checked: set[str] = set()


def train_round(request: TrainingRequest, *, approval: Approval) -> TrainingResult:
    """Return the weights after one round of training on the records of one binding.

    The plan is checked on synthetic records before any real one is read.

    Raises
    ------
    PlanNotApprovedError, PlanRefusedError
        When the plan is not approved, or cannot be accounted for.
    DataError
        When the records cannot be read or do not fit the plan.
    TrainingFailedError
        When the plan's code fails, or the weights are not finite.
    AcceleratorMissingError
        When the request's hardware is not there.
    """
    plan = load_plan(request.plan, approval=approval)
    digest = digest_of(request.plan)
    if digest not in _checked:
        check_plan(plan)
        _checked.add(digest)
    records = records_of(read_table(request.data), plan.inputs, group=_group_column(request))
    return train_records(plan, records, request)


def train_records(plan: Plan, records: Records, request: TrainingRequest) -> TrainingResult:
    """Return the weights after one round on records in memory; `request.data` is not read.

    Raises
    ------
    PlanRefusedError, TrainingFailedError, AcceleratorMissingError
        As for `train_round`.
    """
    require_accelerator(request.hardware)
    try:
        module = _trained(plan, records, request)
    except QuorateError:
        raise
    except Exception as error:
        raise TrainingFailedError(f"the plan's code failed while training: {described(error)}") from error
    weights = get_weights(module)
    for name, array in weights.items():
        if not np.isfinite(array).all():
            raise NotFiniteError(f"the tensor {name} is not finite after training")
    _require_frozen(module, request.base, weights)
    return TrainingResult(weights=weights)


def _group_column(request: TrainingRequest) -> str | None:
    if request.unit is not Unit.GROUP or not isinstance(request.data, CsvBinding):
        return None
    return request.data.group


def _groups(records: Records, request: TrainingRequest) -> NDArray[np.int64] | None:
    if request.unit is Unit.RECORD or request.privacy is None:
        return None
    if records.groups is None:
        raise DataError(
            "the study protects groups, and the binding does not say which records are one group",
            hint='Name the column of the group in the binding: group = "patient".',
        )
    return records.groups


def _trained(plan: Plan, records: Records, request: TrainingRequest) -> LightningModule:
    if request.privacy is None:
        require_records(records)
    data = Prepared(prepared(plan, records.features), records.targets, _groups(records, request))
    with seeded(derive(request.secret, request.context, Purpose.MODEL)):
        module = plan.module()
        require_accountable(module)
        set_weights(module, request.base)
        module.train()
        if request.privacy is None:
            _train_plainly(plan, module, data, request)
        else:
            train_private(
                module,
                data,
                terms=request.privacy,
                secret=request.secret,
                context=request.context,
                hardware=request.hardware,
            )
    return module


def _train_plainly(plan: Plan, module: LightningModule, data: Prepared, request: TrainingRequest) -> None:
    require_single_device(request.hardware)
    local = plan.local_training
    stream = KeyStream(derive(request.secret, request.context, Purpose.SAMPLING))
    sampler = PassSampler(stream=stream, records=len(data), batch_size=local.batch_size, steps=local.steps)
    with configured(module, require_optimizer(module.configure_optimizers(), module)):
        made = fit(module, batches(data, sampler), steps=local.steps, hardware=request.hardware, callbacks=[])
    if made != local.steps:
        raise PlanRefusedError(Refusal.STEPS, f"the module made {made} steps where {local.steps} were agreed")


@contextmanager
def seeded(key: bytes) -> Iterator[None]:
    """Give torch's own generators a derived seed, so that dropout repeats too, and put them back afterwards."""
    with torch.random.fork_rng():
        torch.manual_seed(int.from_bytes(key[:8], "big", signed=True))
        yield


def _require_frozen(
    module: LightningModule, base: Mapping[str, NDArray[np.float32]], weights: Mapping[str, NDArray[np.float32]]
) -> None:
    """Refuse anything but trainable parameters to have changed: it would carry records past clipping and noise."""
    trainable = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    for name in set(weights) - trainable:
        if weights[name].tobytes() != base[name].tobytes():
            raise PlanRefusedError(Refusal.STATE_CHANGED, f"{name} is not trainable, but training changed it")
