"""The loader that training owns: a sampler chooses rows, a batch is a pair of tensors, possibly of length zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import torch
from torch.utils.data import DataLoader, Dataset

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from participants.training.sampling import PassSampler, PoissonSampler

Batch: TypeAlias = tuple[torch.Tensor, torch.Tensor]


class Prepared(Dataset[Batch]):
    """Prepared records in memory; indexed by a step's row numbers, it gives that step's batch."""

    def __init__(self, features: NDArray[np.float32], targets: NDArray[np.int64]) -> None:
        self.features = torch.from_numpy(features)
        self.targets = torch.from_numpy(targets)

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, rows: NDArray[np.int64]) -> Batch:
        chosen = torch.from_numpy(rows)
        return self.features[chosen], self.targets[chosen]


def batches(data: Prepared, sampler: PoissonSampler | PassSampler) -> DataLoader[Batch]:
    """Return the loader of a round: one item of the sampler, one batch; in this process, in order."""
    return DataLoader(data, sampler=sampler, batch_size=None, num_workers=0)
