"""Whether what a configuration asks to train on is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytorch_lightning.accelerators import CUDAAccelerator, MPSAccelerator

from participants.training.errors import AcceleratorMissingError

if TYPE_CHECKING:
    from participants.training.hardware import Hardware


def require_accelerator(hardware: Hardware) -> None:
    """Return when PyTorch can use the accelerator that `hardware` names.

    Raises
    ------
    AcceleratorMissingError
        When a GPU is asked for and PyTorch sees none.
    """
    if hardware.accelerator == "gpu" and not (CUDAAccelerator.is_available() or MPSAccelerator.is_available()):
        raise AcceleratorMissingError("training is to run on a GPU, and PyTorch sees none here")
