"""The consortium's access policies: the guard of their text and their evaluation, as the chaincode has them.

Nothing is allowed unless a policy permits it, and any error is a denial.
"""

from quorate.policy.actions import ACTIONS, ARTIFACT_READ, AUDIT_EXPORT, AUDIT_READ, DATA_TRAIN, MODEL_INFER, action_of
from quorate.policy.guard import check
from quorate.policy.policies import Decision, Policies, Request, in_force, parse
from quorate.policy.refusal import PolicyRefusedError, Reason
from quorate.policy.training import decide_training
from quorate.policy.world import Principal, World

__all__ = [
    "ACTIONS",
    "ARTIFACT_READ",
    "AUDIT_EXPORT",
    "AUDIT_READ",
    "DATA_TRAIN",
    "MODEL_INFER",
    "Decision",
    "Policies",
    "PolicyRefusedError",
    "Principal",
    "Reason",
    "Request",
    "World",
    "action_of",
    "check",
    "decide_training",
    "in_force",
    "parse",
]
