"""How good a model is on records that the terms declare public."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

from participants.data.evaluation import decode_evaluation
from participants.plans.loader import load_plan
from participants.training.check import prepared
from participants.training.initial import set_weights
from participants.training.request import Evaluation

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from participants.data.records import Records
    from participants.plans.approved import Approval
    from participants.plans.plan import Plan

_ROWS: Final = 4096


def evaluate(plan: Plan, weights: Mapping[str, NDArray[np.float32]], records: Records) -> Evaluation:
    """Return how many records of a public set the model classifies correctly.

    Never call it with a member's records: what it returns is not noised.
    """
    module = plan.module()
    set_weights(module, weights)
    module.eval()
    features = torch.from_numpy(prepared(plan, records.features))
    targets = torch.from_numpy(records.targets)
    correct = 0
    with torch.no_grad():
        for start in range(0, len(targets), _ROWS):
            scores = plan.scores(module, features[start : start + _ROWS])
            correct += int((scores.argmax(dim=1) == targets[start : start + _ROWS]).sum())
    return Evaluation(correct=correct, records=len(targets))


def evaluate_document(
    document: bytes, weights: Mapping[str, NDArray[np.float32]], evaluation: bytes, *, approval: Approval
) -> Evaluation:
    """Return the same for a plan document and an encoded evaluation set.

    Raises
    ------
    PlanNotApprovedError, PlanDocumentError, PlanRefusedError, DataError
    """
    plan = load_plan(document, approval=approval)
    return evaluate(plan, weights, decode_evaluation(evaluation, plan.inputs))
