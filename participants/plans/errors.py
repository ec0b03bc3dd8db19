"""What can be wrong with a plan before it trains.

::

    UsageError
    └── PlanDocumentError         PLAN_INVALID       the document has not the required form
    DeniedError
    └── PlanNotApprovedError      PLAN_NOT_APPROVED  the local operator has not approved the digest
    CheckFailedError
    └── PlanRefusedError          PLAN_REFUSED       the code cannot be accounted for, or does not run
"""

from __future__ import annotations

from enum import StrEnum

from quorate.errors import CheckFailedError, DeniedError, UsageError


class PlanDocumentError(UsageError):
    """A plan document has not the required form."""

    code = "PLAN_INVALID"
    meaning = "The plan document has not the required form."
    advice = "Build it again with `quorate plan check DIR --write FILE`."


class PlanNotApprovedError(DeniedError):
    """The local operator has not approved this plan, so none of its code runs here."""

    code = "PLAN_NOT_APPROVED"
    meaning = "Only plans whose digest the local operator approved may run next to the data."
    advice = "Read the plan, then run `quorate plan approve DIGEST`."


class Refusal(StrEnum):
    """Why a plan cannot be trained here; stable, for scripts."""

    BATCH_NORM = "batch-norm"
    RECURRENT_LAYER = "recurrent-layer"
    RUNNING_STATISTICS = "running-statistics"
    UNSUPPORTED_LAYER = "unsupported-layer"
    UNSUPPORTED_TENSOR = "unsupported-tensor"
    DIRECT_PARAMETERS = "direct-parameters"
    NO_PARAMETERS = "no-parameters"
    UNUSED_PARAMETERS = "unused-parameters"
    FOREIGN_PARAMETERS = "foreign-parameters"
    OPTIMIZER = "optimizer"
    OWN_LOOP = "own-loop"
    LOADER = "loader"
    STRATEGY = "strategy"
    LOSS_MIXES_RECORDS = "loss-mixes-records"
    LOSS_REDUCTION = "loss-reduction"
    PREPARE_MIXES_RECORDS = "prepare-mixes-records"
    PREPARE = "prepare"
    EMPTY_BATCH = "empty-batch"
    STATE_CHANGED = "state-changed"
    STEPS = "steps"
    SCORES = "scores"
    REQUIREMENT = "requirement"
    CODE = "code"


class PlanRefusedError(CheckFailedError):
    """A plan's code cannot be accounted for, or does not do what a plan must.

    Parameters
    ----------
    refusal
        The reason in one word, for scripts.
    message, hint
        As for every error of Quorate.
    """

    code = "PLAN_REFUSED"
    meaning = "The plan's code cannot be accounted for, or does not do what a plan must do."
    advice = "Change the plan; `quorate plan check` runs the same checks."

    def __init__(self, refusal: Refusal, message: str, *, hint: str = "", cause: BaseException | None = None) -> None:
        super().__init__(f"{refusal}: {message}", hint=hint, cause=cause)
        self.refusal = refusal
