"""What a study's terms need to know of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from participants.plans.loader import load_plan
from participants.training.check import check_plan
from participants.training.initial import initial_weights, schema
from participants.training.request import Description

if TYPE_CHECKING:
    from participants.plans.approved import Approval


def describe(document: bytes, *, approval: Approval) -> Description:
    """Return a plan's tensors and initial weights, having checked the plan on synthetic records.

    Raises
    ------
    PlanNotApprovedError, PlanDocumentError, PlanRefusedError
    """
    plan = load_plan(document, approval=approval)
    check_plan(plan)
    return Description(tensors=schema(plan.module()), weights=initial_weights(plan))
