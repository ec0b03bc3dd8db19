"""What goes into one round of training, and the only thing that comes out."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - dataclass fields are read at run time by documentation tools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from participants.data.records import Unit
from participants.training.hardware import Hardware

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from participants.data.bindings import DataBinding
    from participants.training.secrets import ReleaseContext
    from participants.training.terms import PrivacyTerms


@dataclass(frozen=True, kw_only=True)
class TrainingRequest:
    """One round of training for one data set.

    Attributes
    ----------
    plan
        The plan document's bytes; code runs only when their digest is approved.
    data
        Where the records are. They are read by the trainer, never by who asks.
    base
        The weights to start from: the float32 view of the round's base model, by tensor name.
    privacy
        DP-SGD's terms; None trains without privacy, as the plan's ``local`` parameters say.
    unit
        What privacy protects: a record, or a group of records that the binding names.
    secret
        32 bytes, fresh for every reservation and kept until the commit. With the same secret, base and data the result
        has the same bytes, so that a restarted round repeats its release instead of making a second one.
    context
        What the secret is used for; enters the derivation of every key.
    hardware
        Lightning's flags.
    """

    plan: bytes
    data: DataBinding
    base: Mapping[str, NDArray[np.float32]]
    privacy: PrivacyTerms | None
    secret: bytes
    context: ReleaseContext
    unit: Unit = Unit.RECORD
    hardware: Hardware = field(default_factory=Hardware)


@dataclass(frozen=True, kw_only=True)
class TrainingResult:
    """What leaves the trainer: the weights after training and noise, nothing else that was computed from records."""

    weights: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Description:
    """A plan's tensors in order, and the weights that a study of it starts from."""

    tensors: tuple[tuple[str, tuple[int, ...]], ...]
    weights: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Counts over a public evaluation set."""

    correct: int
    records: int

    @property
    def accuracy(self) -> float:
        """The share of records whose class has the highest score."""
        return self.correct / self.records
