"""What can go wrong while training; no message quotes a value of a record.

::

    StateError
    └── TrainingFailedError       TRAINING_FAILED    the plan's code failed on the records
        └── NotFiniteError        NOT_FINITE         the weights are not finite
    UsageError
    └── AcceleratorMissingError   ACCELERATOR_MISSING  no such device for training here
    UnreachableError
    └── TrainerDiedError          TRAINER_DIED       the child process is gone
    TimedOutError
    └── TrainerTimedOutError      TRAINER_TIMED_OUT  the child process did not answer in time and was killed
"""

from __future__ import annotations

from quorate.errors import StateError, TimedOutError, UnreachableError, UsageError


class TrainingFailedError(StateError):
    """The plan's code failed while it trained or evaluated."""

    code = "TRAINING_FAILED"
    meaning = "The plan's code failed while it ran; its message is kept back because it may quote records."
    advice = "Try the plan with `quorate plan simulate`; decline the round if it cannot be trained."


class NotFiniteError(TrainingFailedError):
    """Training ended with weights that are not numbers or infinite."""

    code = "NOT_FINITE"
    meaning = "Training diverged: a weight is not a finite number, so there is no update to commit."
    advice = "Lower the plan's learning rate or the clipping norm of the terms; decline this round."


class AcceleratorMissingError(UsageError):
    """What the configuration asks to train on is not there."""

    code = "ACCELERATOR_MISSING"
    meaning = "The configuration asks to train on a GPU, and PyTorch sees none."
    advice = "Install the driver and a PyTorch built for it, or set training.accelerator to cpu or auto."


class TrainerDiedError(UnreachableError):
    """The training process ended without an answer."""

    code = "TRAINER_DIED"
    meaning = "The training process ended without an answer, for example because memory ran out."
    advice = "Look at the system's log for out-of-memory kills; the round may be trained again with its secret."


class TrainerTimedOutError(TimedOutError):
    """The training process did not answer before its deadline and was killed."""

    code = "TRAINER_TIMED_OUT"
    meaning = "The training process did not answer before its deadline and was killed."
    advice = "Give the agent a longer training time-out, or train a smaller model."
