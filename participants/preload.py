"""Import everything that training needs, and do nothing else: for processes that fork trainers.

A process that called `import_training_stack` before it held keys, channels or tensors may fork; its children then train
without importing anything again.
"""

from __future__ import annotations

import importlib
import os
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

SINGLE_THREAD: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1")
)
"""The environment of a process that forks: libraries that start no threads, as only the forking thread survives."""

STACK: Final = (
    "numpy",
    "torch",
    "pytorch_lightning",
    "opacus",
    "sklearn.datasets",
    "participants.training.serve",
    "participants.training.round",
    "participants.training.evaluate",
)


def import_training_stack() -> None:
    """Import torch, Lightning, Opacus and the code that trains. Creates no tensor and starts no thread."""
    os.environ.update(SINGLE_THREAD)
    for name in STACK:
        importlib.import_module(name)
