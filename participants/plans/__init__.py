"""Training plans: what an author writes, the content-addressed document, its approval, and the plans that come along.

Importing this package imports no torch; only code that trains does.
"""

from participants.plans.inputs import Inputs
from participants.plans.plan import LocalTraining, Plan

__all__ = ["Inputs", "LocalTraining", "Plan"]
