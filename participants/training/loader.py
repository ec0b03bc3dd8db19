"""The loader that training owns: a sampler chooses rows, a batch is a pair of tensors, possibly of length zero."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from participants.training.sampling import PassSampler, PoissonSampler

Batch: TypeAlias = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True)
class Drawn:
    """Which unit each row of a batch belongs to, counted from 0 within the batch, and how many units there are."""

    unit_of_row: torch.Tensor
    units: int


class Prepared(Dataset[Batch]):
    """Prepared records in memory; indexed by the units drawn for a step, it gives that step's batch.

    A unit is a record, or all records of a group.

    Attributes
    ----------
    drawn
        What every batch given so far is made of, oldest first. A loader that reads ahead gives batches in this order.
    """

    def __init__(
        self, features: NDArray[np.float32], targets: NDArray[np.int64], groups: NDArray[np.int64] | None = None
    ) -> None:
        self.features = torch.from_numpy(features)
        self.targets = torch.from_numpy(targets)
        self.drawn: deque[Drawn] = deque()
        self._rows = None if groups is None else _rows_by_group(groups)

    def __len__(self) -> int:
        return len(self.targets) if self._rows is None else len(self._rows)

    def __getitem__(self, units: NDArray[np.int64]) -> Batch:
        rows, unit_of_row = units, np.arange(len(units))
        if self._rows is not None:
            parts = [self._rows[unit] for unit in units]
            rows = np.concatenate([np.empty(0, dtype=np.int64), *parts])
            unit_of_row = np.repeat(unit_of_row, [len(part) for part in parts])
        self.drawn.append(Drawn(torch.from_numpy(unit_of_row), len(units)))
        chosen = torch.from_numpy(rows)
        return self.features[chosen], self.targets[chosen]


def _rows_by_group(groups: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    if not len(groups):
        return []
    order = np.argsort(groups, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(groups[order])) + 1)


def batches(data: Prepared, sampler: PoissonSampler | PassSampler) -> DataLoader[Batch]:
    """Return the loader of a round: one item of the sampler, one batch; in this process, in order."""
    return DataLoader(data, sampler=sampler, batch_size=None, num_workers=0)
